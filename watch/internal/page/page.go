package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/go-holmes/holmes/watch/internal/fleet"
)

//go:embed targets.html
var text string

// A Source is where the page has the targets from.
type Source interface {
	Views() []fleet.View
	Ready() bool
}

// Handler returns the handler of the routes
//
//	GET /                 the page of targets
//	GET /api/1/targets    the same as JSON
//	GET /metrics          metrics of holmes-watch, from the registry
//	GET /healthz          200 while it runs
//	GET /readyz           200 when discovery has answered
//
// None of them changes anything.
func Handler(s Source, g prometheus.Gatherer) (http.Handler, error) {
	t, err := template.New("targets").Funcs(template.FuncMap{"ago": ago, "in": in}).Parse(text)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { show(w, t, s.Views()) })
	mux.HandleFunc("GET /api/1/targets", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Views())
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(g, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.Ready() {
			http.Error(w, "discovery has not answered yet", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux, nil
}

func show(w http.ResponseWriter, t *template.Template, views []fleet.View) {
	var out bytes.Buffer
	if err := t.Execute(&out, views); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(out.Bytes())
}

// ago says how long ago a time was.
func ago(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return humanize.Duration(time.Since(at)) + " ago"
}

// in says how long it is until a time.
func in(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "in " + humanize.Duration(max(time.Until(at), 0))
}
