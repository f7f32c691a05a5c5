package handler

import (
	"encoding/json"
	"net/http"

	"github.com/go-holmes/holmes"
)

// server serves one Holmes.
type server struct {
	holmes    *holmes.Holmes
	page      page
	capturing chan struct{} // holds one during a capture
}

// New returns the handler of h, which may be running or not, inert or nil. The package
// comment lists the routes. The handler needs paths without the prefix that it is mounted
// at, as [http.StripPrefix] makes them, and is safe for concurrent use.
func New(h *holmes.Holmes) http.Handler {
	s := &server{holmes: h, page: newPage(), capturing: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /status", s.serveStatus)
	mux.HandleFunc("GET /events", s.serveEvents)
	mux.HandleFunc("GET /events/{id}", s.serveTar)
	mux.HandleFunc("GET /events/{id}/{file}", s.serveFile)
	mux.HandleFunc("GET /profile", Profile)
	mux.HandleFunc("POST /capture", s.serveCapture)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		// Without a referrer a form's request has "Origin: null", which is refused over http.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", s.page.policy)
		guarded.ServeHTTP(w, r)
	})
}

// answer writes JSON for people and programs.
func answer(w http.ResponseWriter, v any) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(raw, '\n')) // a client that is gone needs no answer
}
