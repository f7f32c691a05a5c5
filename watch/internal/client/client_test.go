package client_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/config"
)

// opened returns the client of a job with further lines, in a file with further lines.
func opened(t *testing.T, job, file string) *client.Client {
	t.Helper()
	text := "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n" + job + file
	c, err := config.Parse([]byte(text))
	require.NoError(t, err)
	out, err := client.New(c.Jobs[0], &c.Networks)
	require.NoError(t, err)
	t.Cleanup(out.Close)
	return out
}

func served(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func scrape(ctx context.Context, c *client.Client, u string, p *client.Pin) (string, error) {
	raw, err := c.Get(ctx, client.Request{URL: u, Most: 1000, Pin: p, Scrape: true})
	return string(raw), err
}

func TestAnswers(t *testing.T) {
	s := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("x", 1001))
		case "/fits":
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		case "/refused":
			http.Error(w, "no \x1b[31m\n way "+strings.Repeat("y", 5000), http.StatusForbidden)
		case "/token":
			_, _ = io.WriteString(w, r.Header.Get("Authorization")+r.UserAgent())
		}
	})
	c := opened(t, "  bearer_token: secret\n", "")
	_, err := scrape(t.Context(), c, s.URL+"/long", new(client.Pin))
	require.ErrorContains(t, err, "larger than 1000 bytes")
	text, err := scrape(t.Context(), c, s.URL+"/fits", new(client.Pin))
	require.NoError(t, err)
	require.Len(t, text, 1000)
	_, err = scrape(t.Context(), c, s.URL+"/refused", new(client.Pin))
	var status *client.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusForbidden, status.Status)
	require.NotContains(t, err.Error(), "\x1b")
	require.Less(t, len(err.Error()), 300)
	text, err = scrape(t.Context(), c, s.URL+"/token", new(client.Pin))
	require.NoError(t, err)
	require.Equal(t, "Bearer secretholmes-watch", text)
}

// A compressed answer is bounded by what it inflates to.
func TestBomb(t *testing.T) {
	exploding := bomb(t)
	s := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(exploding)
	})
	_, err := scrape(t.Context(), opened(t, "", ""), s.URL, new(client.Pin))
	require.ErrorContains(t, err, "larger than 1000 bytes")
}

// An answer that redirects to another host is an error, and that host is not asked.
func TestRedirects(t *testing.T) {
	var asked atomic.Int32
	other := served(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	s := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "fine")
		}
	})
	for path, want := range map[string]string{"/away": "another host", "/here": "", "/round": "more than 3 times"} {
		text, err := scrape(t.Context(), opened(t, "", ""), s.URL+path, new(client.Pin))
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, "fine", text)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	_, err := scrape(t.Context(), opened(t, "  follow_redirects: false\n", ""), s.URL+"/here", new(client.Pin))
	require.ErrorContains(t, err, "the target redirects")
	require.Zero(t, asked.Load())
}

// An address is checked after its name was resolved.
func TestForbiddenAddresses(t *testing.T) {
	var asked atomic.Int32
	s := served(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	port := must(url.Parse(s.URL))(t).Port()
	for _, u := range []string{"http://169.254.169.254/latest/meta-data", "http://[fe80::1%25lo]:80/", "http://0.0.0.0:" + port} {
		_, err := scrape(t.Context(), opened(t, "", ""), u, new(client.Pin))
		require.ErrorContains(t, err, "is no address of a target", u)
	}
	_, err := scrape(t.Context(), opened(t, "", "networks: {allow: [10.0.0.0/8]}\n"), "http://localhost:"+port, new(client.Pin))
	require.ErrorContains(t, err, "in none of the networks")
	require.Zero(t, asked.Load())
}

// A profile is taken where the metrics were read, even if the name resolves to another
// address meanwhile.
func TestPinned(t *testing.T) {
	var first, second atomic.Int32
	a := served(t, func(http.ResponseWriter, *http.Request) { first.Add(1) })
	b := served(t, func(http.ResponseWriter, *http.Request) { second.Add(1) })
	c, p := opened(t, "", ""), new(client.Pin)
	get := func(u string) error {
		_, err := c.Get(t.Context(), client.Request{URL: u, Most: 1000, Pin: p})
		return err
	}
	require.ErrorIs(t, get(a.URL), client.ErrNotScraped)
	_, err := scrape(t.Context(), c, a.URL, p)
	require.NoError(t, err)
	require.Equal(t, a.Listener.Addr().String(), p.Addr())
	require.NoError(t, get(b.URL), "b's name now leads to a")
	require.EqualValues(t, 2, first.Load())
	require.Zero(t, second.Load())

	a.Close()
	require.Error(t, get(b.URL))
	require.Zero(t, second.Load())
	_, err = scrape(t.Context(), c, a.URL, p)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
}

func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}
