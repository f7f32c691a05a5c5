// Package httpclient is how every reporter that speaks HTTP posts: one copy of
// the rules about secrets, redirects, time and size.
//
//   - The token goes into the Authorization header and nowhere else. Neither
//     it nor the URL's user info is in an error or a log line.
//   - Redirects are refused: evidence goes where the configuration says.
//   - Without TLS only to this machine, unless the configuration allows it.
//   - A transport of its own unless the user brings one, so that no other part
//     of the host is affected, and no connection kept: reports are rare, and
//     nothing is left running between them.
//   - Dialing ends after 5 s, the whole of it after the configured time or that of
//     the caller's context. 64 KiB of the answer are read.
package httpclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// DefaultTimeout is for the whole of a request, the reading of the answer
// included, if neither the configuration nor the context has a time for it.
const DefaultTimeout = 30 * time.Second

// Config says where to post, and how.
type Config struct {
	// URL is the receiver's. User info in it is sent as basic authentication.
	URL string
	// Path is put behind the path of the URL.
	Path string
	// SecretURL is for receivers that know their senders by the path or the
	// query of the URL: then it is shown nowhere, but for its host.
	SecretURL bool
	// Token is sent as bearer authentication. Empty sends none.
	Token string
	// TokenFile is a file with the token, which is read for each request.
	TokenFile string
	// User is sent as basic authentication. Nil sends none.
	User *url.Userinfo
	// Secret is what the requests hold in a way of their own, and errors must
	// not. The token and the passwords need not be named.
	Secret string
	// Timeout is for the whole of a request. 0 leaves that to the deadline of the
	// context, and is [DefaultTimeout] if there is none.
	Timeout time.Duration
	// TLS is nil for the system's authorities and no client certificate. It is
	// copied.
	TLS *tls.Config
	// PlainHTTP allows http to another machine than this.
	PlainHTTP bool
	// Client is one to work with, and nil for one of its own.
	Client *http.Client
}

// endpoint checks the configuration and returns the URL without user info, and the
// user. Its errors repeat nothing that may hold a secret.
func (c *Config) endpoint() (*url.URL, *url.Userinfo, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return nil, nil, errors.New("the receiver's URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, nil, fmt.Errorf("the receiver's URL has scheme %q, want https", u.Scheme)
	case u.Hostname() == "":
		return nil, nil, errors.New("the receiver's URL has no host")
	case u.Scheme == "http" && !c.PlainHTTP && !loopback(u.Hostname()):
		return nil, nil, fmt.Errorf("the receiver %s is another machine and needs https, unless WithPlainHTTP or HOLMES_COLLECTOR_PLAIN_HTTP=true allows http", u.Host)
	case c.Timeout < 0:
		return nil, nil, fmt.Errorf("the timeout is %v, want more than 0", c.Timeout)
	case c.Client != nil && c.TLS != nil:
		return nil, nil, errors.New("an HTTP client of your own has TLS of its own: options for TLS do not apply to it")
	}
	user := u.User
	u.User, u.Fragment = nil, ""
	if c.Path != "" {
		u = u.JoinPath(c.Path)
	}
	if c.TokenFile != "" { // a mistake is told at once
		if _, err := readToken(c.TokenFile); err != nil {
			return nil, nil, err
		}
	}
	if user, err = c.identity(user); err != nil {
		return nil, nil, err
	}
	return u, user, nil
}

// identity returns the user of basic authentication. More than one way to
// authenticate is an error.
func (c *Config) identity(inURL *url.Userinfo) (*url.Userinfo, error) {
	switch {
	case c.Token != "" && c.TokenFile != "":
		return nil, errors.New("a token and a token file exclude each other")
	case c.Token+c.TokenFile != "" && (inURL != nil || c.User != nil):
		return nil, errors.New("a token and basic authentication, which user info in the URL is, exclude each other")
	case inURL != nil && c.User != nil:
		return nil, errors.New("user info in the URL and basic authentication as an option exclude each other")
	case !visible(c.Token):
		return nil, errors.New("the token has characters that no header can hold")
	case c.User == nil:
		return inURL, nil
	case c.User.Username() == "":
		return nil, errors.New("basic authentication has no user name")
	}
	return c.User, nil
}

// readToken returns the token that is in a file.
func readToken(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token := strings.TrimSpace(string(raw))
	if token == "" || !visible(token) {
		return "", fmt.Errorf("token file %s: it is empty, or has characters that no header can hold", file)
	}
	return token, nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func visible(token string) bool {
	for _, c := range []byte(token) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
