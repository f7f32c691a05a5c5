package api

import (
	"io"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A route is one line of the API.
type route struct {
	pattern string
	needs   right
	body    int64 // bytes that may be sent; 0 for a route that takes nothing
	serve   func(http.ResponseWriter, *http.Request) error
}

// routes are all that there is.
func (h *Handler) routes() []route {
	upload := max(h.limits.ProfileBytes, h.limits.TraceBytes) + maxConfig
	routes := []route{
		// for whoever watches the collector
		{"GET /healthz", anybody, 0, h.healthy},
		{"GET /readyz", anybody, 0, h.ready},
		{"GET /metrics", toRead, 0, h.getMetrics},

		// profefe's
		{"POST /api/0/profiles", toWrite, upload, h.postProfile},
		{"GET /api/0/profiles", toRead, 0, h.findProfiles},
		{"GET /api/0/profiles/merge", toRead, 0, h.mergeProfiles},
		{"GET /api/0/profiles/{ids}", toRead, 0, h.getProfiles},
		{"GET /api/0/services", toRead, 0, h.services},
		{"GET /api/0/version", toRead, 0, h.version},

		// Pyroscope's
		{"POST /ingest", toWrite, upload, h.ingest},

		// ours
		{"POST /api/1/events", toWrite, h.limits.EventBytes, h.postEvent},
		{"GET /api/1/events", toRead, 0, h.findEvents},
		{"GET /api/1/events/{id}", toRead, 0, h.getEvent},
		{"GET /api/1/events/{id}/{file}", toRead, 0, h.getEventFile},
		{"GET /api/1/profiles", toRead, 0, h.searchProfiles},
		{"GET /api/1/profiles/{id}", toRead, 0, h.getProfileMeta},
		{"GET /api/1/merge", toRead, 0, h.getMerge},
		{"GET /api/1/diff", toRead, 0, h.getDiff},
	}
	if h.config.Sweep != nil {
		routes = append(routes, route{"POST /api/1/sweep", toTrigger, 0, h.sweep})
	}
	return routes
}

// route puts around a route what all of them need.
func (h *Handler) route(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		paced := &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), idle: h.limits.Idle, status: http.StatusOK}
		paced.renew()
		body := h.body(w, r, rt.body)
		r.Body = body
		defer func() {
			h.metrics.count(answerKey{rt.pattern, paced.status}, time.Since(began), body.n)
		}()
		if err := h.serve(rt, paced, r); err != nil {
			h.finish(paced, r, err)
		}
	})
}

// serve serves a request that is allowed and that there is a place for.
func (h *Handler) serve(rt route, w *pacedWriter, r *http.Request) error {
	if err := h.authorize(r, rt.needs); err != nil {
		return err
	}
	done, err := h.admit(rt.needs)
	if err != nil {
		return err
	}
	defer done()
	err = rt.serve(w, r)
	if err != nil {
		_, _ = io.Copy(io.Discard, r.Body) // many clients read no answer before they have sent everything
	}
	return err
}

// finish answers with an error, or cuts the answer off if it has begun.
func (h *Handler) finish(w *pacedWriter, r *http.Request, err error) {
	if w.begun {
		h.log.Sugar().Warnw("answer cut off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	h.fail(w, r, dialectOf(r), err)
}

// admit bounds how much is done at the same time. Who is not admitted is told to
// come again: waiting here would only hold its connection.
func (h *Handler) admit(needs right) (done func(), err error) {
	places := h.queries
	switch needs {
	case anybody:
		return func() {}, nil // who asks whether we live must not be told that we are busy
	case toWrite:
		places = h.uploads
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, &collector.Error{
			Code: collector.Busy, RetryAfter: busyRetry,
			Message: "too many requests at the same time",
		}
	}
}

// A pacedWriter gives a client a while for each piece of the answer, and not for
// all of it: a large answer may take long, a client that takes nothing may not.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	begun   bool
	status  int
}

func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *pacedWriter) WriteHeader(status int) {
	p.begun, p.status = true, status
	p.ResponseWriter.WriteHeader(status)
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	p.begun = true
	p.renew()
	return p.ResponseWriter.Write(b)
}

// renew moves the deadline. Writers of tests have none.
func (p *pacedWriter) renew() { _ = p.control.SetWriteDeadline(time.Now().Add(p.idle)) }

// healthy says that the process lives.
func (h *Handler) healthy(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

// ready says whether new requests are welcome.
func (h *Handler) ready(w http.ResponseWriter, _ *http.Request) error {
	if h.draining.Load() {
		return collector.Errorf(collector.Busy, "the server is stopping")
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}
