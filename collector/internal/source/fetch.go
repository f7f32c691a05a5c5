package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// IsURL tells an address from the name of a file.
func IsURL(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

// fetchTimeout is how long an address may take to answer.
const fetchTimeout = 30 * time.Second

// Fetch reads a file or an address. A profile that takes a while to be recorded
// adds that to the time that the address has for its answer. Redirects are followed, but
// for an address with a secret those to another host.
func Fetch(ctx context.Context, source string, recording time.Duration) ([]byte, error) {
	if !IsURL(source) {
		f, err := os.Open(source)
		if err != nil {
			return nil, fmt.Errorf("holmes: %w", err)
		}
		defer f.Close()
		return readBounded(f)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout+recording)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	client := &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}, CheckRedirect: checkRedirect,
	}
	resp, err := client.Do(req)
	if refused, ok := errors.AsType[redirectError](err); ok {
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("holmes: %s answers %s", req.URL.Redacted(), resp.Status)
	}
	return readBounded(resp.Body)
}

// maxRedirects is that of [http.Client].
const maxRedirects = 10

// checkRedirect decides whether a redirect is followed. Another host would be sent the
// query, and in plain text all else.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= maxRedirects:
		return errors.New("more than 10 redirects")
	case secret(first) && (next.URL.Host != first.Host || first.Scheme == "https" && next.URL.Scheme != "https"):
		return redirectError{first.Host, next.URL.Scheme + "://" + next.URL.Host}
	}
	return nil
}

// A redirectError is a redirect that is not followed.
type redirectError struct{ from, to string }

func (e redirectError) Error() string {
	return fmt.Sprintf("holmes: %s redirects to another host, %s, which is sent no password or token: give that address", e.from, e.to)
}

// secret reports whether an address may have a secret: a password, or a parameter that is
// none of net/http/pprof's.
func secret(u *url.URL) bool {
	if u.User != nil {
		return true
	}
	for name := range u.Query() {
		if !slices.Contains([]string{"seconds", "debug", "gc"}, name) {
			return true
		}
	}
	return false
}
