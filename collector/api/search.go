package api

import (
	"iter"
	"net/http"
	"net/url"

	"github.com/go-holmes/holmes/collector"
)

// findEvents lists events, the newest first.
func (h *Handler) findEvents(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q := collector.EventQuery{
		Service: values.Get("service"), Signal: values.Get("signal"), State: values.Get("state"),
		Reason: values.Get("reason"), Culprit: values.Get("culprit"),
	}
	var err error
	if q.Labels, err = collector.ParseLabels(values.Get("labels")); err != nil {
		return err
	}
	if q.From, q.To, err = window(values); err != nil {
		return err
	}
	if q.Limit, err = boundedLimit(values); err != nil {
		return err
	}
	if err := q.Validate(); err != nil {
		return err
	}
	events, err := gather(h.store.Events(r.Context(), q), NewEvent)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"events": events})
	return nil
}

// searchProfiles lists profiles, the newest first, with all that is known about
// them.
func (h *Handler) searchProfiles(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q := collector.Query{Service: values.Get("service"), Event: values.Get("event")}
	if err := readQuery(&q, values); err != nil {
		return err
	}
	var err error
	if q.Limit, err = boundedLimit(values); err != nil {
		return err
	}
	profiles, err := gather(h.store.Find(r.Context(), q), toProfile)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"profiles": profiles})
	return nil
}

// boundedLimit is how many results are wanted: some, if it is not said.
func boundedLimit(values url.Values) (int, error) {
	n, err := limit(values)
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return defaultLimit, nil
	case n > maxLimit:
		return 0, collector.Errorf(collector.Invalid, "limit %d is above %d", n, maxLimit)
	}
	return n, nil
}

// gather returns all that is found, as it is answered. It is never nil.
func gather[T, V any](found iter.Seq2[T, error], view func(T) V) ([]V, error) {
	all := []V{}
	for t, err := range found {
		if err != nil {
			return nil, err
		}
		all = append(all, view(t))
	}
	return all, nil
}

func (h *Handler) getEvent(w http.ResponseWriter, r *http.Request) error {
	e, err := h.store.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, NewEvent(e))
	return nil
}

func (h *Handler) getEventFile(w http.ResponseWriter, r *http.Request) error {
	f, err := h.store.OpenFile(r.Context(), r.PathValue("id"), r.PathValue("file"))
	if err != nil {
		return err
	}
	return serveFile(w, r, f)
}

// getProfileMeta answers with what is known about a profile.
func (h *Handler) getProfileMeta(w http.ResponseWriter, r *http.Request) error {
	f, err := h.store.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	defer f.Close()
	writeJSON(w, http.StatusOK, toProfile(f.Meta))
	return nil
}

// sweep removes what is too old, at once.
func (h *Handler) sweep(w http.ResponseWriter, _ *http.Request) error {
	removed, err := h.config.Sweep()
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"removed": removed})
	return nil
}
