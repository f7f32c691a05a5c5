package handler

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/go-holmes/holmes"
)

// Profile is net/http/pprof's handler of that name, which shares holmes's CPU profile
// instead of failing during it; see [holmes.CPUProfile]. Mount it in place of that one:
//
//	mux.HandleFunc("/debug/pprof/", pprof.Index) // and Cmdline, Symbol and Trace
//	mux.HandleFunc("/debug/pprof/profile", handler.Profile)
//
// The parameter seconds is the duration, 30 by default. The server's write timeout is
// extended by it. The answer has the status 500 while the application itself, or another
// library, is taking a CPU profile.
func Profile(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseInt(r.FormValue("seconds"), 10, 32)
	if err != nil || seconds <= 0 {
		seconds = 30
	}
	d := time.Duration(seconds) * time.Second
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		// An error means that the writer has no deadline.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(server.WriteTimeout + d))
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	var profile bytes.Buffer // a failure is an answer of its own
	if err := holmes.CPUProfile(r.Context(), &profile, d); err != nil {
		h.Set("X-Go-Pprof", "1") // the error is shown by go tool pprof
		http.Error(w, "Could not enable CPU profiling: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="profile"`)
	_, _ = profile.WriteTo(w) // a client that is gone needs no answer
}

// Wrap returns a handler that answers /debug/pprof/profile with [Profile] and leaves all
// else to next: for a program that imports net/http/pprof for its effect on
// [http.DefaultServeMux], which does not take a second handler for that path.
//
//	http.ListenAndServe("localhost:6060", handler.Wrap(http.DefaultServeMux))
func Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/debug/pprof/profile" {
			Profile(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
