package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
)

// A route is one line of the API.
type route struct {
	pattern string
	needs   right
	body    int64 // bytes that may be sent; 0 for a route that takes nothing
	serve   func(http.ResponseWriter, *http.Request) error
}

// routes are all routes.
func (h *Handler) routes() []route {
	upload := max(h.limits.ProfileBytes, h.limits.TraceBytes) + maxConfig
	routes := []route{
		// for monitoring
		{"GET /healthz", public, 0, h.healthy},
		{"GET /readyz", public, 0, h.ready},
		{scrapeRoute, toRead, 0, h.getMetrics},

		// profefe's
		{"POST /api/0/profiles", toWrite, upload, h.intake.postProfile},
		{"GET /api/0/profiles", toRead, 0, h.reader.findProfiles},
		{"GET /api/0/profiles/merge", toRead, 0, h.inTurn(h.reader.mergeProfiles)},
		{"GET /api/0/profiles/{ids}", toRead, 0, h.getProfiles},
		{"GET /api/0/services", toRead, 0, h.reader.services},
		{"GET /api/0/version", toRead, 0, h.version},

		// Pyroscope's
		{"POST /ingest", toWrite, upload, h.intake.ingest},
		{"POST " + pushRoute, toWrite, h.limits.EventBytes, h.push},

		// ours
		{"POST /api/1/events", toWrite, h.limits.EventBytes, h.intake.postEvent},
		{"GET /api/1/events", toRead, 0, h.reader.findEvents},
		{"GET /api/1/events/{id}", toRead, 0, h.reader.getEvent},
		{"GET /api/1/events/{id}/{file}", toRead, 0, h.reader.getEventFile},
		{"GET /api/1/profiles", toRead, 0, h.reader.searchProfiles},
		{"GET /api/1/profiles/{id}", toRead, 0, h.reader.getProfileMeta},
		{"GET /api/1/labels", toRead, 0, h.reader.labelNames},
		{"GET /api/1/labels/{name}/values", toRead, 0, h.reader.labelValues},
		{"GET /api/1/timeline", toRead, 0, h.reader.getTimeline},
		{"GET /api/1/merge", toRead, 0, h.inTurn(h.reader.getMerge)},
		{"GET /api/1/diff", toRead, 0, h.inTurn(h.reader.getDiff)},
	}
	routes = append(routes, debugRoutes()...)
	if h.config.Sweep != nil {
		routes = append(routes, route{"POST /api/1/sweep", toTrigger, 0, h.sweep})
	}
	return append(routes, h.retentionRoutes()...)
}

// inTurn bounds a route that adds up profiles in memory and time.
func (h *Handler) inTurn(serve func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error { return h.turns.Serve(w, r, serve) }
}

// getProfiles answers with one profile as it was received, or with several, merged.
func (h *Handler) getProfiles(w http.ResponseWriter, r *http.Request) error {
	if strings.Contains(r.PathValue("ids"), "+") {
		return h.turns.Serve(w, r, h.reader.mergeIDs)
	}
	return h.reader.getProfile(w, r)
}

// route adds to a route what all of them need.
func (h *Handler) route(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		paced := &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), idle: h.limits.Idle, status: http.StatusOK}
		paced.renew()
		body := h.bodyOf(w, r, rt.body)
		r.Body = body
		defer func() {
			took, received := time.Since(began), body.received()
			h.metrics.count(answerKey{rt.pattern, paced.status}, took, received)
			h.logRequest(&rt, r, paced.status, took, received)
		}()
		if err := h.serve(rt, paced, r, body); err != nil {
			h.finish(&rt, paced, r, err)
		}
	})
}

// serve serves a request if it is allowed and there is a free slot.
func (h *Handler) serve(rt route, w *pacedWriter, r *http.Request, body *pacedBody) error {
	service, err := h.authorize(r, rt.needs)
	if errors.Is(err, errLogin) {
		return h.loginFailed(r, err)
	}
	if err != nil {
		return err
	}
	if service != "" {
		r = r.WithContext(context.WithValue(r.Context(), serviceKey{}, service))
	}
	done, err := h.admit(r.Context(), rt, body)
	if err == nil {
		defer done()
		err = rt.serve(w, r)
	}
	if failed := body.failure(); failed != nil && errors.Is(err, context.Canceled) {
		err = clientError(failed) // net/http has ended the context for that, not because the client has gone
	}
	if err != nil && rt.needs == toWrite {
		h.refused(r, body.received(), err)
	}
	if err != nil {
		_, _ = io.Copy(io.Discard, r.Body) // many clients read no answer before they have sent everything
	}
	return err
}

// finish answers with an error, or cuts the answer off if it has begun.
func (h *Handler) finish(rt *route, w *pacedWriter, r *http.Request, err error) {
	if w.begun {
		h.log.Sugar().Warnw("answer cut off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	log := h.log
	if rt.needs == toWrite {
		log = zap.NewNop() // a refused upload is one line
	}
	answerError(w, r, log, err)
}

// admit bounds how many requests are served at the same time. A request above the
// bound is asked to come again: waiting would only hold its connection. Scrapes have
// places of their own.
func (h *Handler) admit(ctx context.Context, rt route, body *pacedBody) (done func(), err error) {
	slots := h.queries
	switch {
	case rt.pattern == scrapeRoute, strings.HasPrefix(rt.pattern, debugRoute):
		slots = h.scrapes
	case rt.needs == public:
		return func() {}, nil // a health check must not fail because the server is busy
	case rt.needs == toWrite:
		return h.uploads.take(ctx, body)
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	default:
		return nil, errBusy()
	}
}

const (
	scrapeRoute = "GET /metrics"
	debugRoute  = "GET /debug/pprof"
	scrapes     = 4 // at the same time
)

// IsProbe reports whether a request is for monitoring. Such requests have bounds of
// their own, so that they are answered whatever else the server does.
func IsProbe(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics"
}

// bodyOf returns what a client sends, at most limit bytes of it.
func (h *Handler) bodyOf(w http.ResponseWriter, r *http.Request, limit int64) *pacedBody {
	b := &pacedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w),
		idle: h.limits.Idle, rate: h.limits.Rate, until: time.Now().Add(h.limits.Upload),
	}
	if r.ContentLength > limit {
		b.err = &http.MaxBytesError{Limit: limit} // receiving it would be in vain
	}
	return b
}
