package source

import (
	"context"
	"fmt"
	"net/http"
	"os"
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
// adds that to the time that the address has for its answer.
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
	resp, err := (&http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("holmes: %s answers %s", source, resp.Status)
	}
	return readBounded(resp.Body)
}
