package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A Handler serves the collector's API. It starts nothing, and is safe for
// concurrent use.
type Handler struct {
	config  Config
	limits  Limits
	log     *zap.Logger
	intake  intake
	reader  reader
	uploads *places
	queries chan struct{} // a slot for each request to read
	scrapes chan struct{} // a slot for each request for /metrics
	mux     *http.ServeMux
	guarded http.Handler // mux behind the protection from other origins
	pages   http.Handler // nil, or Config.Pages as a route
	probes  *http.ServeMux
	own     http.Handler
	turns   *render.Turns

	credentials     atomic.Pointer[credentials]
	logins          chan struct{} // a slot for each failed log-in that is delayed
	access, sampled *zap.Logger

	draining atomic.Bool
	metrics  *metrics
}

// New returns a handler.
func New(config Config) (*Handler, error) {
	if config.Store == nil {
		return nil, errors.New("holmes: api: Config needs a Store")
	}
	set(&config.Log, zap.NewNop())
	set(&config.Dot, "dot")
	config.Prefix = strings.TrimRight(config.Prefix, "/")
	if config.Now == nil {
		config.Now = time.Now
	}
	h := &Handler{config: config, limits: config.Limits.withDefaults(), log: config.Log, mux: http.NewServeMux()}
	h.intake = intake{store: config.Store, now: config.Now}
	h.reader = reader{store: config.Store, merger: config.Merger, mergeLimit: h.limits.Merge, dot: config.Dot, now: config.Now}
	var err error
	if config.Merger == nil {
		if h.reader.merger, err = merge.New(merge.Config{Store: config.Store, Now: config.Now}); err != nil {
			return nil, err
		}
	}
	if h.intake.profiles, err = safepprof.New(safepprof.Limits{Body: h.limits.ProfileBytes}); err != nil {
		return nil, err
	}
	if h.intake.traces, err = safepprof.New(safepprof.Limits{Body: h.limits.TraceBytes, Inflated: h.limits.TraceBytes}); err != nil {
		return nil, err
	}
	h.uploads = newPlaces(h.limits.Uploads, h.limits.Yield)
	h.scrapes = make(chan struct{}, scrapes)
	h.queries = make(chan struct{}, h.limits.Queries)
	h.turns = render.NewTurns(h.limits.Drawings, h.limits.Merge)
	h.logins = make(chan struct{}, delayedLogins)
	h.access, h.sampled = config.accessLog(), sample(config.Log)
	if err := h.SetTokens(config.Tokens); err != nil {
		return nil, err
	}
	h.metrics = newMetrics(&h.config, h.reader.merger, h.uploads.slots, h.queries, h.log)
	h.probes = http.NewServeMux()
	for _, r := range h.routes() {
		h.mux.Handle(r.pattern, h.route(r))
		if r.needs == public || r.pattern == scrapeRoute {
			r.needs = public
			h.probes.Handle(r.pattern, h.route(r))
		}
	}
	h.own = h.route(route{"POST /api/1/events", public, h.limits.EventBytes, h.intake.postEvent})
	if config.Pages != nil {
		h.pages = h.route(route{pattern: "pages", needs: toRead, serve: func(w http.ResponseWriter, r *http.Request) error {
			config.Pages.ServeHTTP(w, r)
			return nil
		}})
	}
	protection := http.NewCrossOriginProtection()
	for _, origin := range config.origins() {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("holmes: api: %w", err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerError(w, r, h.log, collector.Errorf(forbidden, "a page of another origin cannot change anything here"))
	}))
	h.guarded = protection.Handler(h.mux)
	return h, nil
}

// Drain makes /readyz say that no new requests should be sent here. All routes
// go on working.
func (h *Handler) Drain() { h.draining.Store(true) }

// SetTokens replaces the tokens.
func (h *Handler) SetTokens(tokens Tokens) error {
	all, err := tokens.parse()
	if err != nil {
		return err
	}
	h.credentials.Store(&all)
	return nil
}

// ServeProbes serves health checks and /metrics alone, and asks for no token.
func (h *Handler) ServeProbes(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(w, r)
	h.probes.ServeHTTP(w, Below(h.config.Prefix, r))
}

// ServeOwn takes an event of this process, at any path and without a token.
func (h *Handler) ServeOwn(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(w, r)
	h.own.ServeHTTP(w, r)
}

// ServeHTTP serves all routes.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if len(r.URL.RawQuery) > maxQueryBytes {
		answerError(w, r, h.log, collector.Errorf(collector.TooLarge, "the query is longer than %d bytes", maxQueryBytes))
		return
	}
	r = Below(h.config.Prefix, r)
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.unknown(w, r)
		return
	}
	h.guarded.ServeHTTP(w, r)
}

// Below returns a request without the prefix of its path, and without slashes at the end.
func Below(prefix string, r *http.Request) *http.Request {
	below := func(path string) string {
		if rest, ok := strings.CutPrefix(path, prefix); ok && (rest == "" || rest[0] == '/') {
			path = rest
		}
		return cmp.Or(strings.TrimRight(path, "/"), "/")
	}
	path := below(r.URL.Path)
	if path == r.URL.Path {
		return r
	}
	clone, url := *r, *r.URL
	url.Path = path
	if url.RawPath != "" {
		url.RawPath = below(url.RawPath) // a name may have a slash
	}
	clone.URL = &url
	return &clone
}

// unknown answers a request without a route.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	look := r.Method == http.MethodGet || r.Method == http.MethodHead
	if h.pages != nil && look && !strings.HasPrefix(r.URL.Path, "/api/") && r.URL.Path != "/ingest" && r.URL.Path != pushRoute {
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
	answerError(w, r, h.log, err)
}

// recovered confines a panic to the request.
func (h *Handler) recovered(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p) // how a handler cuts an answer off
	}
	h.log.Error("request panicked", zap.String("path", r.URL.Path), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
	answerError(w, r, h.log, fmt.Errorf("holmes: api: panic: %v", p))
}
