package api

import (
	"iter"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// A reader answers searches, downloads and merges.
type reader struct {
	store      collector.Store
	merger     *merge.Merger
	mergeLimit time.Duration // of one merge
	dot        string        // Graphviz's program
	now        func() time.Time
}

// findEvents lists events, the newest first.
func (rd *reader) findEvents(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q := collector.EventQuery{
		Service: values.Get("service"), Signal: values.Get("signal"), State: values.Get("state"),
		Reason: values.Get("reason"), Culprit: values.Get("culprit"),
	}
	var err error
	if q.Labels, err = collector.ParseLabels(values.Get("labels")); err != nil {
		return err
	}
	if q.Matchers, err = collector.ParseMatchers(values["match"]); err != nil {
		return err
	}
	if q.From, q.To, err = window(values, rd.now()); err != nil {
		return err
	}
	if q.After, err = collector.ParsePosition(values.Get("after")); err != nil {
		return err
	}
	if q.Limit, err = boundedLimit(values); err != nil {
		return err
	}
	if err := q.Validate(); err != nil {
		return err
	}
	q.Limit++
	events, next, err := gather(rd.store.Events(r.Context(), q), q.Limit-1, (*collector.Event).Position, NewEvent)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Events []Event `json:"events"`
		Next   string  `json:"next,omitempty"`
	}{events, next})
	return nil
}

// searchProfiles lists profiles, the newest first.
func (rd *reader) searchProfiles(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q, err := rd.profileQuery(r)
	if err != nil {
		return err
	}
	if q.Limit, err = boundedLimit(values); err != nil {
		return err
	}
	q.Limit++
	profiles, next, err := gather(rd.store.Find(r.Context(), q), q.Limit-1, (*collector.Meta).Position, toProfile)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Profiles []Profile `json:"profiles"`
		Next     string    `json:"next,omitempty"`
	}{profiles, next})
	return nil
}

// gather returns the first results of a search as they are answered, and if there are
// more the position of the last one. The list is never nil.
func gather[T, V any](found iter.Seq2[T, error], limit int, position func(*T) collector.Position, view func(T) V) (all []V, next string, err error) {
	all = []V{}
	var last collector.Position
	for t, err := range found {
		if err != nil {
			return nil, "", err
		}
		if len(all) == limit {
			return all, last.String(), nil
		}
		last = position(&t)
		all = append(all, view(t))
	}
	return all, "", nil
}

func (rd *reader) getEvent(w http.ResponseWriter, r *http.Request) error {
	e, err := rd.store.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	collector.MarkOpened(r.Context(), rd.store, e.ID)
	writeJSON(w, http.StatusOK, NewEvent(e))
	return nil
}

func (rd *reader) getEventFile(w http.ResponseWriter, r *http.Request) error {
	f, err := rd.store.OpenFile(r.Context(), r.PathValue("id"), r.PathValue("file"))
	if err != nil {
		return err
	}
	return serveFile(w, r, f)
}

// getProfileMeta answers with the description of a profile.
func (rd *reader) getProfileMeta(w http.ResponseWriter, r *http.Request) error {
	f, err := rd.store.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	defer f.Close()
	writeJSON(w, http.StatusOK, toProfile(f.Meta))
	return nil
}
