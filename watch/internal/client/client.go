package client

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A Client reads the targets of one job, with the job's TLS, token or password. It is
// safe for concurrent use.
type Client struct {
	http *http.Client
}

// idle is how long a connection is kept for the next scrape.
const idle = 2 * time.Minute

// agent is the User-Agent of all requests.
const agent = "holmes-watch"

// New returns the client of a job.
func New(j *config.Job, n *config.Networks) (*Client, error) {
	d := dialer{networks: n}
	c, err := promconfig.NewClientFromConfig(j.Client, j.Name,
		promconfig.WithDialContextFunc(d.dial), promconfig.WithIdleConnTimeout(idle),
		promconfig.WithHTTP2Disabled(), promconfig.WithUserAgent(agent))
	if err != nil {
		return nil, fmt.Errorf("holmes-watch: job %q: %w", j.Name, err)
	}
	follow := j.Client.FollowRedirects
	c.CheckRedirect = func(next *http.Request, before []*http.Request) error { return redirect(follow, next, before) }
	return &Client{http: c}, nil
}

// Close closes the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// maxRedirects is how often one request is redirected.
const maxRedirects = 3

// redirect allows a redirect on the same host and scheme only: what a target answers
// must not lead to another one, nor to a service that trusts this machine.
func redirect(follow bool, next *http.Request, before []*http.Request) error {
	first := before[0].URL
	switch {
	case !follow:
		return errors.New("the target redirects")
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		return fmt.Errorf("the target redirects to another host, %s", next.URL.Host)
	case len(before) > maxRedirects:
		return fmt.Errorf("the target redirects more than %d times", maxRedirects)
	}
	return nil
}
