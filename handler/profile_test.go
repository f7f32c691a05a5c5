package handler_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	stock "net/http/pprof"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/handler"
	"github.com/go-holmes/holmes/internal/testkit"
)

// get asks a handler for a CPU profile of a second.
func get(t *testing.T, serve http.HandlerFunc) (status int, body []byte, h http.Header) {
	t.Helper()
	server := httptest.NewServer(serve)
	defer server.Close()
	request := testkit.Must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/debug/pprof/profile?seconds=1", http.NoBody))(t)
	resp, err := server.Client().Do(request)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode, testkit.Must(io.ReadAll(resp.Body))(t), resp.Header
}

// untilProfiling waits until the runtime takes a CPU profile, without taking one.
func untilProfiling(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		var stacks bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		return bytes.Contains(stacks.Bytes(), []byte("runtime/pprof.profileWriter"))
	}, time.Minute, time.Millisecond)
}

// profiling starts a Holmes that takes a CPU profile until end, which returns the event.
func profiling(t *testing.T) (end func() *holmes.Event) {
	t.Helper()
	s := newSite(t, holmes.WithCPUSamplingTime("1m"))
	ctx, cancel := context.WithCancel(t.Context())
	captured := make(chan *holmes.Event, 1)
	go func() {
		e, _ := s.CaptureNow(ctx, holmes.KindCPU)
		captured <- e
		close(captured)
	}()
	end = func() *holmes.Event { cancel(); return <-captured }
	t.Cleanup(func() { end() })
	untilProfiling(t)
	return end
}

// An operator's request for a CPU profile is answered while holmes takes one, where
// net/http/pprof answers 500, and holmes's own goes on.
func TestProfileDuringACapture(t *testing.T) {
	end := profiling(t)
	status, body, _ := get(t, stock.Profile)
	require.Equal(t, http.StatusInternalServerError, status, "%s", body)

	status, body, header := get(t, handler.Profile)
	require.Equal(t, http.StatusOK, status, "%s", body)
	require.Equal(t, "application/octet-stream", header.Get("Content-Type"))
	p := testkit.Must(profile.ParseData(body))(t)
	require.Equal(t, "cpu", p.SampleType[1].Type)
	require.Positive(t, p.DurationNanos)
	e := end()
	require.NotNil(t, e.Profile(holmes.KindCPU), "%v", e.Profiles)
	require.Greater(t, e.Profile(holmes.KindCPU).Duration, time.Duration(p.DurationNanos))
}

// A program that imports net/http/pprof for its effect shares the CPU profile, too.
func TestWrapOfTheDefaultMux(t *testing.T) {
	profiling(t)
	for path, status := range map[string]int{"/debug/pprof/profile?seconds=1": http.StatusOK, "/debug/pprof/cmdline": http.StatusOK, "/none": http.StatusNotFound} {
		w := httptest.NewRecorder()
		handler.Wrap(http.DefaultServeMux).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		require.Equal(t, status, w.Code, "%s: %s", path, w.Body)
	}
}

// While the application profiles by itself, the answer is that of net/http/pprof.
func TestProfileDuringTheApplicationsOwn(t *testing.T) {
	require.NoError(t, pprof.StartCPUProfile(io.Discard))
	status, body, header := get(t, handler.Profile)
	pprof.StopCPUProfile()
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, string(body), "Could not enable CPU profiling: holmes: CPU profile: the CPU profiler is in use")
	require.Equal(t, "1", header.Get("X-Go-Pprof"))
	require.NoError(t, holmes.CPUProfile(t.Context(), io.Discard, 0), "and free again")
}
