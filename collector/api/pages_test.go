package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// Pages get what no route is for, behind the same token.
func TestPages(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Tokens.Read = tokens.Read
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page "+r.URL.Path) })
	})
	for path, page := range map[string]bool{
		"/": true, "/services/shop": true, "/events/x.svg": true, "/apix": true,
		"/api/1/profiles": false, "/api/1/nothing": false, "/ingest": false, "/healthz": false,
	} {
		a := w.do(http.MethodGet, path, nil, bearer(tokens.Read)...)
		require.Equal(t, page, strings.HasPrefix(a.body, "page "), "%s: %s", path, a.body)
		if page {
			require.Equal(t, http.StatusUnauthorized, w.get(path).status)
		}
	}
	require.Equal(t, http.StatusNotFound, w.post("/services/shop", nil).status)
}

func TestMetrics(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Gauges = func() []api.Gauge { return []api.Gauge{{Name: "holmes_fish", Help: "Fish.", Value: 1.5}} }
	})
	cpu := profileOf(t, "cpu", taken())
	w.post("/api/0/profiles?service=shop&type=cpu", cpu)
	w.post("/api/0/profiles?service=shop&type=heap", cpu)
	w.get("/api/0/profiles/nobody")
	a := w.get("/metrics")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.header.Get("Content-Type"), "text/plain")
	for _, line := range []string{
		`holmes_requests_total{route="POST /api/0/profiles",status="200"} 1`,
		`holmes_requests_total{route="POST /api/0/profiles",status="400"} 1`,
		`holmes_requests_total{route="GET /api/0/profiles/{ids}",status="404"} 1`,
		fmt.Sprint("holmes_received_bytes_total ", 2*len(cpu)),
		"# TYPE holmes_fish gauge\nholmes_fish 1.5\n",
		"holmes_queries 1\n",
	} {
		require.Contains(t, a.body, line)
	}
	require.Contains(t, a.body, `holmes_request_seconds_total{route="POST /api/0/profiles",status="200"} `)
}
