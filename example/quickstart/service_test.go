package main

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func started(t *testing.T) (*service, *visitor) {
	t.Helper()
	s, err := startService()
	require.NoError(t, err)
	v := newVisitor(s.url)
	t.Cleanup(func() {
		v.leave()
		s.stop()
	})
	return s, v
}

func TestServiceAnswers(t *testing.T) {
	s, v := started(t)
	for _, tt := range []struct{ method, path, want string }{
		{http.MethodGet, "/search", "\n"},
		{http.MethodGet, "/orders", `"gift":"yes"`},
		{http.MethodGet, "/hash", "\n"},
		{http.MethodGet, "/product/7", "product 7 product 7"},
		{http.MethodGet, "/checkout?items=600", "99\n"},
		{http.MethodPost, "/login?bytes=100", "session-1"},
		{http.MethodGet, "/report?pages=2", "page "},
		{http.MethodGet, "/report?pages=3&hurry", "page "},
	} {
		req, err := http.NewRequestWithContext(context.Background(), tt.method, s.url+tt.path, http.NoBody)
		require.NoError(t, err)
		resp, err := v.client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, tt.path)
		require.Contains(t, string(body), tt.want, tt.path)
	}
}

func TestSessionsEndUnlessTheyLeak(t *testing.T) {
	s := newSessions()
	fill := func() int {
		for range 3 * s.lasts {
			s.remember(1000)
		}
		return len(s.data)
	}
	require.Equal(t, s.lasts, fill())
	s.leak(true)
	require.Equal(t, 4*s.lasts, fill())
	s.leak(false)
	s.clear()
	require.Equal(t, s.lasts, fill())
}

func TestPagesAreReleased(t *testing.T) {
	p := newPages()
	old := p.batch()
	for n := range 10 {
		old.start(func() { renderPage(n, make(chan string), old.released) })
	}
	p.release() // returns when all ten have ended
	old.start(func() { t.Error("started after the release") })
	ran := make(chan struct{})
	p.batch().start(func() { close(ran) })
	<-ran
	p.release()
}

// A fault that was switched off leaves nothing, or goleak says so.
func TestFaultsPutEverythingBack(t *testing.T) {
	for _, f := range faults() {
		s, v := started(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		f.cause(ctx, &patient{service: s, visitor: v, cores: 2})
		require.Empty(t, s.sessions.data)
		require.False(t, s.sessions.leaves)
	}
}
