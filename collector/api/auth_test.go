package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// tokens are those of the tests.
var tokens = api.Tokens{Write: "w-secret", Read: "r-secret", Trigger: "t-secret"}

func bearer(token string) []string {
	if token == "" {
		return nil
	}
	return []string{"Authorization", "Bearer " + token}
}

// guarded are the routes, and the right that each needs.
func guarded() map[string]string {
	return map[string]string{
		"POST /api/0/profiles": tokens.Write, "POST /ingest": tokens.Write, "POST /api/1/events": tokens.Write,
		"GET /api/0/profiles": tokens.Read, "GET /api/0/profiles/x": tokens.Read, "GET /api/0/services": tokens.Read,
		"GET /api/0/version": tokens.Read, "GET /api/1/events": tokens.Read, "GET /api/1/events/x": tokens.Read,
		"GET /api/1/events/x/y": tokens.Read, "GET /api/1/profiles": tokens.Read, "GET /api/1/profiles/x": tokens.Read,
		"GET /metrics": tokens.Read, "HEAD /api/1/profiles": tokens.Read, "POST /api/1/sweep": tokens.Trigger,
		"POST /api/1/delete": tokens.Trigger, "POST /api/1/keep": tokens.Trigger,
	}
}

func sweeps(c *api.Config) { c.Sweep = func() (int, error) { return 7, nil } }

// Each token gives its own right and no other.
func TestTokenGivesItsOwnRightOnly(t *testing.T) {
	w := newWorld(t, sweeps, func(c *api.Config) { c.Tokens, c.Open = tokens, true })
	for route, needed := range guarded() {
		method, path, _ := strings.Cut(route, " ")
		for _, sent := range []string{"", tokens.Write, tokens.Read, tokens.Trigger, "guess", needed + "x", needed[1:]} {
			a := w.do(method, path, nil, bearer(sent)...)
			switch sent {
			case needed:
				require.NotContains(t, []int{401, 403}, a.status, "%s with %s: %s", route, sent, a.body)
			case "":
				require.Equal(t, 401, a.status, route)
				require.Contains(t, a.header.Get("WWW-Authenticate"), "Basic")
			default:
				require.Equal(t, 403, a.status, "%s with %s", route, sent)
			}
			for _, secret := range []string{tokens.Write, tokens.Read, tokens.Trigger} {
				require.NotContains(t, a.body, secret)
			}
		}
	}
	// go tool pprof and browsers send it as a password.
	for password, status := range map[string]int{tokens.Read: 200, tokens.Write: 403, "": 403} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/api/1/profiles", http.NoBody)
		require.NoError(t, err)
		req.SetBasicAuth("anybody", password)
		resp, err := w.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		require.Equal(t, 200, w.get(path).status)
	}
}

// Without a token a right is off, unless the server is open.
func TestWithoutTokens(t *testing.T) {
	closed := newWorld(t, sweeps, func(c *api.Config) { c.Open, c.Tokens.Read = false, tokens.Read })
	for route, needed := range guarded() {
		method, path, _ := strings.Cut(route, " ")
		a := closed.do(method, path, nil, bearer(needed)...)
		if needed == tokens.Read {
			require.NotContains(t, []int{401, 403}, a.status, route)
		} else {
			require.Equal(t, 403, a.status, route)
			require.Contains(t, a.body, "has no token for it")
		}
	}

	// A page whose own name resolves to this machine has no rights.
	open := newWorld(t, sweeps)
	for host, allowed := range map[string]bool{
		"localhost": true, "LOCALHOST:10100": true, "localhost.:1": true, "127.0.0.1": true, "127.0.0.1:10100": true, "[::1]:10100": true,
		"10.1.2.3": true, "evil.example.com": false, "localhost.example.com:10100": false, "127.0.0.1.example.com": false, "evil": false,
	} {
		for route := range guarded() {
			method, path, _ := strings.Cut(route, " ")
			require.Equal(t, allowed, open.do(method, path, nil, "Host", host).status != 403, "%s at %s", route, host)
		}
	}
	require.Equal(t, `{"removed":7}`, strings.TrimSpace(open.post("/api/1/sweep", nil).body))
}

// Only POST changes state, and never for a page of another origin.
func TestCrossOrigin(t *testing.T) {
	w := newWorld(t, sweeps)
	cpu := profileOf(t, "cpu", taken())
	const path = "/api/0/profiles?service=shop&type=cpu"
	for _, headers := range [][]string{
		{"Origin", "https://evil.example.com"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "null"},
	} {
		for _, path := range []string{path, "/ingest?name=a", "/api/1/events", "/api/1/sweep"} {
			a := w.post(path, cpu, headers...)
			require.Equal(t, 403, a.status, "%s with %v", path, headers)
			require.Contains(t, a.body, "another origin")
		}
	}
	for _, headers := range [][]string{{}, {"Origin", w.URL}, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}} {
		require.Equal(t, 200, w.post(path, cpu, headers...).status, "%v", headers)
	}
	before := w.store.Usage()
	for route := range guarded() {
		_, path, _ := strings.Cut(route, " ")
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			w.do(method, path, nil)
		}
	}
	require.Equal(t, before, w.store.Usage())
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "FISH"} {
		require.Equal(t, 405, w.do(method, "/api/0/profiles", nil).status, method)
	}
}

// The cause of a fault is logged and not answered.
func TestFaultsAreNotTold(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Sweep = func() (int, error) { return 0, errors.New("open /secret/path: denied") }
	})
	a := w.post("/api/1/sweep", nil)
	require.Equal(t, 500, a.status)
	require.NotContains(t, a.body, "secret")
	w = newWorld(t, func(c *api.Config) { c.Sweep = func() (int, error) { panic("secret") } })
	a = w.post("/api/1/sweep", nil)
	require.Equal(t, 500, a.status)
	require.NotContains(t, a.body, "secret")
}
