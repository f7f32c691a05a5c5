package httpclient

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes"
)

const (
	dialTimeout = 5 * time.Second
	maxAnswer   = 64 << 10
)

// A Client posts to one receiver. It is safe for concurrent use and holds
// nothing between requests.
type Client struct {
	url     *url.URL // without user info
	user    *url.Userinfo
	token   string // if it is not in a file
	target  string
	secrets []string
	file    string                 // that the token is read from
	latest  atomic.Pointer[string] // the token that was read last, a secret too
	timeout time.Duration
	http    *http.Client
}

// New checks the configuration. It makes no connection.
func New(c Config) (*Client, error) {
	u, user, err := c.endpoint()
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	out := &Client{url: u, user: user, token: c.Token, timeout: c.Timeout, file: c.TokenFile, http: c.client(), target: target(u, c.SecretURL)}
	out.secrets = []string{c.Token, c.Secret, password(user)}
	if c.SecretURL {
		out.secrets = append(out.secrets, secretsIn(u)...)
	}
	out.secrets = slices.DeleteFunc(out.secrets, func(s string) bool { return s == "" })
	return out, nil
}

// client returns the client of net/http. One of the user's keeps its transport, but
// not its cookies, and does not follow redirects.
func (c *Config) client() *http.Client {
	out := &http.Client{}
	if c.Client != nil {
		*out = *c.Client
		out.Jar = nil
	} else {
		out.Transport = transport(c.TLS)
	}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return out
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
		MaxResponseHeaderBytes: maxAnswer,
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
	}
}

// target is a URL as it may be shown: neither user info nor query, and of a
// secret one neither the path, but something to tell it from others.
func target(u *url.URL, secret bool) string {
	shown := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	if !secret {
		return shown
	}
	sum := sha256.Sum256([]byte(u.String()))
	return u.Scheme + "://" + u.Host + "#" + hex.EncodeToString(sum[:4])
}

// secretsIn returns the parts of a secret URL that no error may repeat. Short
// ones are words: taking those out would leave no sentence whole.
func secretsIn(u *url.URL) []string {
	parts := strings.Split(u.Path, "/")
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	return slices.DeleteFunc(parts, func(s string) bool { return len(s) < 8 })
}

// Target is where the client posts, fit to be shown: neither user info nor
// query, and of a secret URL only the host and a fingerprint.
func (c *Client) Target() string { return c.target }

// Timeout is the configured time, and 0 if there is none.
func (c *Client) Timeout() time.Duration { return c.timeout }

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
// An error that wraps [context.DeadlineExceeded] means that the receiver may have
// taken the request: it was connected.
//
// Nothing of the request is in use when it returns.
func (c *Client) Post(ctx context.Context, r Request) ([]byte, error) {
	return c.post(ctx, r, maxAnswer)
}

// Send is Post for receivers whose status says all: what follows a 2xx is not
// read, so that a receiver cannot take its word back by failing there.
func (c *Client) Send(ctx context.Context, r Request) error {
	_, err := c.post(ctx, r, 0)
	return err
}

func (c *Client) post(ctx context.Context, r Request, most int64) ([]byte, error) {
	body := &body{r: r.Body}
	defer body.Close()
	answer, err := c.do(ctx, r, body, most)
	if err != nil {
		return nil, fmt.Errorf("holmes: post to %s: %w", c.Target(), err)
	}
	return answer, nil
}

func (c *Client) do(ctx context.Context, r Request, body io.ReadCloser, most int64) ([]byte, error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	var connecting atomic.Bool
	req, err := http.NewRequestWithContext(trace(ctx, &connecting), http.MethodPost, c.address(r), body)
	if err != nil {
		return nil, withoutURL(err)
	}
	if sized, ok := r.Body.(interface{ Len() int }); ok {
		req.ContentLength = int64(sized.Len()) // not every receiver takes what has no length
	}
	if err := c.setHeaders(req, r.Header); err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = withoutURL(err)
		if connecting.Load() && errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no connection: %s", err.Error()) // not wrapped: nothing was sent
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what there is of a reason
		return nil, c.answerError(resp, text)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return text, nil
}

// bound gives a request its deadline.
func (c *Client) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has && c.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, cmp.Or(c.timeout, DefaultTimeout))
}

// trace keeps connecting true while a request waits for its connection.
func trace(ctx context.Context, connecting *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connecting.Store(false) },
	})
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

func (c *Client) setHeaders(req *http.Request, extra http.Header) (err error) {
	maps.Copy(req.Header, extra)
	req.Header.Set("User-Agent", "holmes/"+holmes.Version)
	token := c.token
	if c.file != "" {
		if token, err = readToken(c.file); err != nil {
			return err
		}
		c.latest.Store(&token)
	}
	switch {
	case token != "":
		req.Header.Set("Authorization", "Bearer "+token)
	case c.user != nil:
		req.SetBasicAuth(c.user.Username(), password(c.user))
	}
	return nil
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
