package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-holmes/holmes"
)

const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 10 * time.Second
	maxAnswer     = 64 << 10
)

// A Client posts to one receiver. It is safe for concurrent use and holds
// nothing between requests.
type Client struct {
	url     *url.URL // without user info
	user    *url.Userinfo
	token   string
	secrets []string
	timeout time.Duration
	http    *http.Client
}

// New checks the configuration. It makes no connection.
func New(c Config) (*Client, error) {
	u, user, err := c.endpoint()
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	secrets := slices.DeleteFunc([]string{c.Token, c.Secret, password(user)}, func(s string) bool { return s == "" })
	return &Client{
		url: u, user: user, token: c.Token, secrets: secrets, timeout: c.Timeout,
		http: &http.Client{
			Transport: transport(c.TLS),
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}, nil
}

func transport(config *tls.Config) *http.Transport {
	if config != nil {
		config = config.Clone()
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxAnswer,
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
	}
}

// Target is where the client posts, fit to be shown: neither user info nor
// query.
func (c *Client) Target() string {
	return (&url.URL{Scheme: c.url.Scheme, Host: c.url.Host, Path: c.url.Path}).String()
}

// A Request is what is posted.
type Request struct {
	// Path is put behind the path of the client's URL.
	Path string
	// Query is added to the query of the client's URL.
	Query url.Values
	// Header is sent with the client's own. Nil sends only those.
	Header http.Header
	// Body is read to its end, or until the receiver has heard enough. It is
	// not closed.
	Body io.Reader
}

// Post sends a request and returns the answer's body, 64 KiB of it at most,
// when the status is 2xx. Any other status is an [*AnswerError] as an error, one
// that no retry will mend marked by [holmes.Permanent].
//
// Nothing of the request is in use when it returns.
func (c *Client) Post(ctx context.Context, r Request) ([]byte, error) {
	body := &body{r: r.Body}
	defer body.Close()
	answer, err := c.do(ctx, r, body)
	if err != nil {
		return nil, fmt.Errorf("holmes: post to %s: %w", c.Target(), err)
	}
	return answer, nil
}

func (c *Client) do(ctx context.Context, r Request, body io.ReadCloser) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(r), body)
	if err != nil {
		return nil, withoutURL(err)
	}
	c.dress(req, r.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, c.refusal(resp, text)
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return text, nil
}

// address returns the URL of a request.
func (c *Client) address(r Request) string {
	u := *c.url
	if r.Path != "" {
		u = *u.JoinPath(r.Path)
	}
	if len(r.Query) > 0 {
		query := u.Query()
		maps.Copy(query, r.Query)
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// dress sets a request's headers.
func (c *Client) dress(req *http.Request, extra http.Header) {
	maps.Copy(req.Header, extra)
	req.Header.Set("User-Agent", "holmes/"+holmes.Version)
	switch {
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	case c.user != nil:
		req.SetBasicAuth(c.user.Username(), password(c.user))
	}
}

// withoutURL takes the URL out of an error of net/http: its query may hold a
// secret. What is left says what happened.
func withoutURL(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

func password(user *url.Userinfo) string {
	p, _ := user.Password()
	return p
}
