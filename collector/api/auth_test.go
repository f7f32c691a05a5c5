package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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

// status requests a path with a token, and returns the status.
func (w *world) status(path, token string) int {
	w.t.Helper()
	return w.do(http.MethodGet, path, nil, bearer(token)...).status
}

// guarded are the routes, and the right that each needs.
func guarded() map[string]string {
	return map[string]string{
		"POST /api/0/profiles": tokens.Write, "POST /ingest": tokens.Write, "POST /push.v1.PusherService/Push": tokens.Write,
		"POST /api/1/events":  tokens.Write,
		"GET /api/0/profiles": tokens.Read, "GET /api/0/profiles/x": tokens.Read, "GET /api/0/services": tokens.Read,
		"GET /api/0/version": tokens.Read, "GET /api/1/events": tokens.Read, "GET /api/1/events/x": tokens.Read,
		"GET /api/1/events/x/y": tokens.Read, "GET /api/1/profiles": tokens.Read, "GET /api/1/profiles/x": tokens.Read,
		"GET /metrics": tokens.Read, "GET /debug/pprof": tokens.Read, "GET /debug/pprof/heap": tokens.Read, "HEAD /api/1/profiles": tokens.Read, "POST /api/1/sweep": tokens.Trigger,
		"POST /api/1/delete": tokens.Trigger, "POST /api/1/keep": tokens.Trigger,
	}
}

func sweeps(c *api.Config) { c.Sweep = func() (int, error) { return 7, nil } }

// Each token gives its own right and no other.
func TestTokenGivesItsOwnRightOnly(t *testing.T) {
	w := newWorld(t, sweeps, func(c *api.Config) { c.Tokens, c.Open, c.Limits.Login = tokens, true, time.Nanosecond })
	for route, needed := range guarded() {
		method, path, _ := strings.Cut(route, " ")
		for _, sent := range []string{"", tokens.Write, tokens.Read, tokens.Trigger, "guess", needed + "x", needed[1:]} {
			a := w.do(method, path, nil, bearer(sent)...)
			switch sent {
			case needed:
				require.NotContains(t, []int{401, 403}, a.status, "%s with %s: %s", route, sent, a.body)
			case tokens.Write, tokens.Read, tokens.Trigger:
				require.Equal(t, 403, a.status, "%s with %s", route, sent)
			default:
				require.Equal(t, 401, a.status, "%s with %s", route, sent)
				require.Contains(t, a.header.Get("WWW-Authenticate"), "Basic")
			}
			for _, secret := range []string{tokens.Write, tokens.Read, tokens.Trigger} {
				require.NotContains(t, a.body, secret)
			}
		}
	}
	// go tool pprof and browsers send it as a password.
	for password, status := range map[string]int{tokens.Read: 200, tokens.Write: 403, "": 401, "guess": 401} {
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

// While a token is replaced the old and the new one are valid. A token may be bound
// to a service, whatever the protocol. New tokens hold at once.
func TestTokensAreReplaced(t *testing.T) {
	log, logs := observer.New(zap.InfoLevel)
	w := newWorld(t, func(c *api.Config) {
		c.Tokens = api.Tokens{Write: "# written by hand\nold\n\n new \nservice=shop for-shop\nservice=shop\n", Read: "r1\nr2"}
		c.Limits.Login, c.Log = time.Nanosecond, zap.New(log)
	})
	cpu := profileOf(t, "cpu", taken())
	upload := func(token, service string) int {
		return w.post("/api/0/profiles?type=cpu&service="+service, cpu, bearer(token)...).status
	}
	for _, token := range []string{"old", "new"} {
		require.Equal(t, 200, upload(token, "till"))
	}
	require.Equal(t, 200, upload("for-shop", "shop"))
	require.Equal(t, 403, upload("for-shop", "till"))
	require.Equal(t, 200, w.post("/ingest?name=shop", cpu, bearer("for-shop")...).status)
	require.Equal(t, 403, w.post("/ingest?name=shop{service_name=till}", cpu, bearer("for-shop")...).status)
	push := func(service string) int {
		body := protoOf(series("", cpu, "service_name", service))
		return w.post(pushPath, body, append(bearer("for-shop"), "Content-Type", "application/proto")...).status
	}
	require.Equal(t, 200, push("shop"))
	require.Equal(t, 403, push("till"))
	event := bytes.Replace(eventJSON("e1"), []byte(`"service":"shop"`), []byte(`"service":"till"`), 1)
	body, contentType := form(t, part{"event", "", event})
	a := w.post("/api/1/events", body, append(bearer("for-shop"), "Content-Type", contentType)...)
	require.Equal(t, 403, a.status, a.body)
	require.Contains(t, a.body, "the token is for service")
	for _, none := range []string{"# written by hand", "service=shop", "shop"} {
		require.Equal(t, 401, upload(none, "shop"), none)
	}
	require.Equal(t, 200, w.status("/metrics", "r2"))

	require.NoError(t, w.handler.SetTokens(api.Tokens{Write: "newest", Read: "r2"}))
	require.Equal(t, 401, upload("old", "till"))
	require.Equal(t, 200, upload("newest", "till"))
	require.Error(t, w.handler.SetTokens(api.Tokens{Write: "w", Read: "service=shop r"}))
	require.Equal(t, 200, upload("newest", "till"))

	failed := logs.FilterMessage("log-in failed")
	require.Positive(t, failed.Len())
	require.NotContains(t, fmt.Sprint(failed.All()), "old")
	refused := logs.FilterMessage("upload refused")
	require.Equal(t, 4, refused.Len()) // those of another service
	require.Equal(t, "till", refused.All()[0].ContextMap()["service"])
	require.Contains(t, refused.All()[0].ContextMap()["error"], "the token is for service")
}

// A wrong token is answered late, also to many at once, and a right one is not.
func TestFailedLoginsAreSlow(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Tokens, c.Limits.Login = tokens, time.Hour })
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	busy := make(chan bool, 200)
	for range 70 { // 64 wait
		all.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+"/api/1/events", http.NoBody)
			if err != nil {
				panic(err)
			}
			req.SetBasicAuth("any", "guess")
			resp, err := w.Client().Do(req)
			if err == nil {
				_ = resp.Body.Close()
				busy <- resp.StatusCode == http.StatusServiceUnavailable
			}
		})
	}
	for range 6 {
		require.True(t, <-busy)
	}
	require.Equal(t, 200, w.status("/api/1/events", tokens.Read))
	require.Equal(t, 401, w.status("/api/1/events", "")) // as a browser asks at first
	stop()
	all.Wait()
}

// Behind a proxy the server has another name, and a path in front of its own.
func TestBehindProxy(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Hosts, c.Prefix = []string{"holmes.example.com"}, "/holmes/" })
	for path, status := range map[string]int{
		"/holmes/api/1/events": 200, "/api/1/events": 200, "/holmes": 404, "/holmesapi/1/events": 404, "/holmes/healthz": 200,
	} {
		require.Equal(t, status, w.do(http.MethodGet, path, nil, "Host", "HOLMES.example.com:443").status, path)
	}
	require.Equal(t, 403, w.do(http.MethodGet, "/api/1/events", nil, "Host", "evil.example.com").status)
	cpu := profileOf(t, "cpu", taken())
	for origin, status := range map[string]int{"https://holmes.example.com": 200, "https://evil.example.com": 403} {
		require.Equal(t, status, w.post("/holmes/api/0/profiles?service=shop&type=cpu", cpu, "Origin", origin).status, origin)
	}
}

// The profiles of the collector itself are there, also when all queries are taken.
func TestDebug(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Idle = 100 * time.Millisecond })
	require.Contains(t, w.get("/debug/pprof/").body, "goroutine")
	for _, path := range []string{"heap", "goroutine", "profile?seconds=1"} { // longer than Idle
		a := w.get("/debug/pprof/" + path)
		require.Equal(t, 200, a.status, a.body)
		_, err := profile.ParseData([]byte(a.body))
		require.NoError(t, err, path)
	}
	require.Equal(t, 404, w.get("/debug/pprof/nothing").status)
}

// Requests are logged, of many alike the first ones.
func TestAccessLog(t *testing.T) {
	for kind, want := range map[api.AccessLog]int{"": 10, api.AccessSampled: 10, api.AccessAll: 25, api.AccessOff: 0} {
		log, logs := observer.New(zap.InfoLevel)
		w := newWorld(t, func(c *api.Config) { c.Log, c.AccessLog = zap.New(log), kind })
		for range 25 {
			w.do(http.MethodGet, "/api/1/profiles?labels=a%3Db", nil, "X-Forwarded-For", "10.1.2.3")
			w.get("/healthz")
		}
		w.Close() // a request is logged after its answer
		require.Equal(t, want, logs.Len(), kind)
		for _, line := range logs.All() {
			require.Equal(t, "GET /api/1/profiles 200", line.Message)
			require.Equal(t, "/api/1/profiles", line.ContextMap()["path"])
			require.Contains(t, line.ContextMap()["client"], `for "10.1.2.3"`)
		}
	}
	var a api.AccessLog
	require.NoError(t, a.Set("all"))
	require.ErrorContains(t, a.Set("fish"), "none of")
	require.Equal(t, "all", a.String())
}
