package page_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/fleet"
	"github.com/go-holmes/holmes/watch/internal/judge"
	"github.com/go-holmes/holmes/watch/internal/page"
)

type source struct {
	views []fleet.View
	ready bool
}

func (s *source) Views() []fleet.View { return s.views }
func (s *source) Ready() bool         { return s.ready }

func TestPage(t *testing.T) {
	s := &source{views: []fleet.View{
		{
			Job: "a", Service: "shop", Instance: "10.0.0.1:1", State: "up", Read: time.Now(), Next: time.Now(),
			Signals: []judge.View{{Signal: detect.SignalCPU, State: "calm", Value: "20 %", Why: "CPU 20 %, mean 19 %"}},
		},
		{Job: "a", Service: "<script>alert(1)</script>", State: "down", Reason: "the target answered 500: <b>"},
	}}
	h, err := page.Handler(s, prometheus.NewRegistry())
	require.NoError(t, err)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return w.Code, w.Body.String()
	}
	status, text := get("/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "CPU 20 %, mean 19 %")
	require.Contains(t, text, "the target answered 500: &lt;b&gt;")
	require.NotContains(t, text, "<script>")
	_, text = get("/api/1/targets")
	require.Contains(t, text, `"Instance":"10.0.0.1:1"`)
	status, _ = get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	s.ready = true
	status, _ = get("/readyz")
	require.Equal(t, http.StatusOK, status)
	status, _ = get("/healthz")
	require.Equal(t, http.StatusOK, status)
	status, _ = get("/other")
	require.Equal(t, http.StatusNotFound, status)
}
