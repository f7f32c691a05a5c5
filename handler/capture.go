package handler

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
)

const (
	// maxForm is the maximum size of a form in bytes.
	maxForm = 64 << 10
	// longest is how long an answer may take beyond the WriteTimeout of the server:
	// the longest capture is shorter, and a download over a slow line takes as long.
	longest = 10 * time.Minute
)

// serveCapture captures an event on demand.
func (s *server) serveCapture(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case s.capturing <- struct{}{}:
		defer func() { <-s.capturing }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "another capture is under way", http.StatusTooManyRequests)
		return
	}
	extend(w, r)
	var kinds []holmes.Kind
	for _, kind := range r.Form["kind"] {
		kinds = append(kinds, holmes.Kind(kind))
	}
	e, err := s.holmes.CaptureNow(r.Context(), kinds...)
	switch {
	case errors.Is(err, holmes.ErrNotRunning), errors.Is(err, holmes.ErrInert):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case !strings.Contains(r.Header.Get("Accept"), "text/html"):
		answer(w, e)
	case e.Dir == "":
		why := "by WithMemoryOnly"
		if s.holmes.Stats().Dump.Err != nil {
			why = "because the disk refuses it"
		}
		_, _ = fmt.Fprintf(w, "The event is in memory, %s: %s\n", why, e.Sentence())
	default:
		w.Header().Set("Location", "./#"+e.ID) // not http.Redirect, which does not know the prefix
		w.WriteHeader(http.StatusSeeOther)
	}
}

// extend moves the time by which the server gives the answer up.
func extend(w http.ResponseWriter, r *http.Request) {
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		// A writer without a deadline has no need of another.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(server.WriteTimeout + longest))
	}
}
