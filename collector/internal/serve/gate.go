package serve

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/go-holmes/holmes/collector/api"
)

// A gate is the handler of a server that is not ready yet: building the index may
// take minutes. /healthz is answered, all other requests are asked to come again.
type gate struct {
	prefix   string // of paths, which a proxy may leave
	inside   atomic.Pointer[api.Handler]
	progress atomic.Pointer[string]
}

func (g *gate) open(h *api.Handler) { g.inside.Store(h) }

// report notes the progress of building the index.
func (g *gate) report(done, total int) {
	text := fmt.Sprintf("reading %d of %d files", done, total)
	g.progress.Store(&text)
}

// isProbe reports whether a request is for monitoring.
func (g *gate) isProbe(r *http.Request) bool { return api.IsProbe(api.Below(g.prefix, r)) }

// drain passes on that the server stops.
func (g *gate) drain() {
	if h := g.inside.Load(); h != nil {
		h.Drain()
	}
}

// probes serves health checks and /metrics alone.
func (g *gate) probes(w http.ResponseWriter, r *http.Request) {
	if h := g.inside.Load(); h != nil {
		h.ServeProbes(w, r)
		return
	}
	g.ServeHTTP(w, r)
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := g.inside.Load(); h != nil {
		h.ServeHTTP(w, r)
		return
	}
	if api.Below(g.prefix, r).URL.Path == "/healthz" {
		_, _ = fmt.Fprintln(w, `{"status":"ok"}`)
		return
	}
	text := "opening the store"
	if p := g.progress.Load(); p != nil {
		text = *p
	}
	w.Header().Set("Retry-After", "5")
	http.Error(w, "the server is starting: "+text, http.StatusServiceUnavailable)
}
