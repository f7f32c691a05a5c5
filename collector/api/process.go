package api

import (
	"net/http"

	"github.com/go-holmes/holmes/collector"
)

// healthy answers while the process lives.
func (h *Handler) healthy(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

// ready answers whether new requests are welcome.
func (h *Handler) ready(w http.ResponseWriter, _ *http.Request) error {
	if h.draining.Load() {
		return collector.Errorf(collector.Busy, "the server is stopping")
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

func (h *Handler) version(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: h.config.Version})
	return nil
}

// sweep removes the uploads that are too old.
func (h *Handler) sweep(w http.ResponseWriter, _ *http.Request) error {
	removed, err := h.config.Sweep()
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"removed": removed})
	return nil
}
