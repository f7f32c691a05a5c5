package api

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A Handler serves the collector's API. It starts nothing, and is safe for
// concurrent use.
type Handler struct {
	config           Config
	limits           Limits
	store            collector.Store
	merger           *merge.Merger
	log              *zap.Logger
	now              func() time.Time
	profiles, traces *safepprof.Checker
	uploads          chan struct{} // one for each that is being received
	queries          chan struct{} // one for each that is being answered
	mux              *http.ServeMux
	guarded          http.Handler // mux behind the protection from other origins
	pages            http.Handler // nil, or Config.Pages as a route

	draining atomic.Bool
	metrics  *metrics
}

// New returns a handler.
func New(config Config) (*Handler, error) {
	if config.Store == nil {
		return nil, errors.New("holmes: api: Config needs a Store")
	}
	h := &Handler{
		config: config, limits: config.Limits.withDefaults(), store: config.Store,
		log: config.Log, now: config.Now, mux: http.NewServeMux(),
	}
	set(&h.log, zap.NewNop())
	if h.now == nil {
		h.now = time.Now
	}
	set(&h.config.Dot, "dot")
	var err error
	if h.merger = config.Merger; h.merger == nil {
		if h.merger, err = merge.New(merge.Config{Store: config.Store, Now: h.now}); err != nil {
			return nil, err
		}
	}
	if h.profiles, err = safepprof.New(safepprof.Limits{Body: h.limits.ProfileBytes}); err != nil {
		return nil, err
	}
	if h.traces, err = safepprof.New(safepprof.Limits{Body: h.limits.TraceBytes, Inflated: h.limits.TraceBytes}); err != nil {
		return nil, err
	}
	h.uploads = make(chan struct{}, h.limits.Uploads)
	h.queries = make(chan struct{}, h.limits.Queries)
	h.metrics = newMetrics(&h.config, h.uploads, h.queries, h.log)
	for _, r := range h.routes() {
		h.mux.Handle(r.pattern, h.route(r))
	}
	if config.Pages != nil {
		h.pages = h.route(route{pattern: "pages", needs: toRead, serve: func(w http.ResponseWriter, r *http.Request) error {
			config.Pages.ServeHTTP(w, r)
			return nil
		}})
	}
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, dialectOf(r), collector.Errorf(forbidden, "a page of another origin cannot change anything here"))
	}))
	h.guarded = protection.Handler(h.mux)
	return h, nil
}

// Drain makes /readyz say that no new requests should be sent here. All routes
// go on working.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP serves all routes.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if len(r.URL.RawQuery) > maxQueryBytes {
		h.fail(w, r, dialectOf(r), collector.Errorf(collector.TooLarge, "the query is longer than %d bytes", maxQueryBytes))
		return
	}
	if path := strings.TrimRight(r.URL.Path, "/"); path != "" && path != r.URL.Path {
		url := *r.URL
		url.Path, url.RawPath = path, ""
		clone := *r
		clone.URL = &url
		r = &clone
	}
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.unknown(w, r)
		return
	}
	h.guarded.ServeHTTP(w, r)
}

// unknown answers a request that no route is for.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	look := r.Method == http.MethodGet || r.Method == http.MethodHead
	if h.pages != nil && look && !strings.HasPrefix(r.URL.Path, "/api/") && r.URL.Path != "/ingest" {
		h.pages.ServeHTTP(w, r)
		return
	}
	err := collector.Errorf(collector.NotFound, "no such route")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := *r
		other.Method = method
		if _, pattern := h.mux.Handler(&other); pattern != "" {
			w.Header().Add("Allow", method)
			err = collector.Errorf(noMethod, "method %.20s is not for this route", r.Method)
		}
	}
	h.fail(w, r, dialectOf(r), err)
}

// recovered keeps a mistake of ours from taking more than the request with it.
func (h *Handler) recovered(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p) // how a handler cuts an answer off
	}
	h.log.Error("request panicked", zap.String("path", r.URL.Path), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
	h.fail(w, r, dialectOf(r), fmt.Errorf("holmes: api: panic: %v", p))
}

// dialectOf is the dialect of the protocol that a path belongs to.
func dialectOf(r *http.Request) dialect {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/0/"):
		return profefe
	case strings.HasPrefix(r.URL.Path, "/ingest"):
		return pyroscope
	default:
		return ours
	}
}
