package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// A profefeProfile is a profile as profefe's clients know it.
type profefeProfile struct {
	ID        string            `json:"id"`
	Type      collector.Kind    `json:"type"`
	Service   string            `json:"service"`
	Labels    []collector.Label `json:"labels,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
}

func toProfefe(m *collector.Meta) profefeProfile {
	return profefeProfile{m.ID, m.Kind, m.Service, m.Labels, m.CreatedAt.UTC().Truncate(time.Second)}
}

// profefeTime is how profefe writes times, in UTC.
const profefeTime = "2006-01-02T15:04:05"

// parseTime reads profefe's form, the same with a Z, or RFC 3339.
func parseTime(what, text string) (time.Time, error) {
	for _, layout := range []string{profefeTime, time.RFC3339Nano} {
		if at, err := time.Parse(layout, text); err == nil && !at.IsZero() {
			return at.UTC(), nil
		}
	}
	return time.Time{}, collector.Errorf(collector.Invalid, "%s %.40q is not a time like %s", what, text, profefeTime)
}

// postProfile takes one profile.
func (h *Handler) postProfile(w http.ResponseWriter, r *http.Request) error {
	m, err := describedBy(r.URL.Query())
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	stored, err := h.keep(r.Context(), upload{meta: m, key: key, body: r.Body})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: toProfefe(stored)})
	return nil
}

// idempotencyKey returns what tells a repetition of a request, and "" if it does
// not want to be told.
func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case key == "":
		return "", nil
	case len(key) > collector.MaxName:
		return "", collector.Errorf(collector.Invalid, "Idempotency-Key is longer than %d bytes", collector.MaxName)
	}
	return "profile:" + key, nil
}

// describedBy reads what a query says about a profile. CreatedAt may be zero.
func describedBy(q url.Values) (m collector.Meta, err error) {
	m.Service = q.Get("service")
	if m.Service == "" {
		return m, collector.Errorf(collector.Invalid, "missing service")
	}
	if m.Kind, err = requiredKind(q); err != nil {
		return m, err
	}
	if m.Labels, err = collector.ParseLabels(q.Get("labels")); err != nil {
		return m, err
	}
	if at := q.Get("created_at"); at != "" {
		m.CreatedAt, err = parseTime("created_at", at)
	}
	return m, err
}

func requiredKind(q url.Values) (collector.Kind, error) {
	if q.Get("type") == "" {
		return "", collector.Errorf(collector.Invalid, "missing type")
	}
	return collector.ParseKind(q.Get("type"))
}

// profefeQuery reads a search in profefe's form.
func profefeQuery(values url.Values) (q collector.Query, err error) {
	if q.Service = values.Get("service"); q.Service == "" {
		return q, collector.Errorf(collector.Invalid, "missing service")
	}
	for _, bound := range []string{"from", "to"} {
		if values.Get(bound) == "" {
			return q, collector.Errorf(collector.Invalid, "missing %s", bound)
		}
	}
	err = readQuery(&q, values)
	return q, err
}

// readQuery reads what both forms of a search share.
func readQuery(q *collector.Query, values url.Values) (err error) {
	if kind := values.Get("type"); kind != "" {
		if q.Kind, err = collector.ParseKind(kind); err != nil {
			return err
		}
	}
	if q.Labels, err = collector.ParseLabels(values.Get("labels")); err != nil {
		return err
	}
	if q.From, q.To, err = window(values); err != nil {
		return err
	}
	if q.Limit, err = limit(values); err != nil {
		return err
	}
	return q.Validate()
}

// window reads from and to. Both are inside, and a time in whole seconds means
// all of its second: created_at, as it is answered, finds its profile.
func window(values url.Values) (from, to time.Time, err error) {
	if text := values.Get("from"); text != "" {
		if from, err = parseTime("from", text); err != nil {
			return from, to, err
		}
	}
	if text := values.Get("to"); text != "" {
		if to, err = parseTime("to", text); err != nil {
			return from, to, err
		}
		if from.After(to) {
			return from, to, collector.Errorf(collector.Invalid, "from %.40q is after to %.40q", values.Get("from"), text)
		}
		if to.Nanosecond() == 0 {
			to = to.Add(time.Second)
		} else {
			to = to.Add(time.Nanosecond)
		}
	}
	return from, to, nil
}

func limit(values url.Values) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, collector.Errorf(collector.Invalid, "limit %.40q is not a number of 0 or more", text)
	}
	return n, nil
}

// findProfiles lists profiles. All of them, if there is no limit: so the list is
// written as it is found.
func (h *Handler) findProfiles(w http.ResponseWriter, r *http.Request) error {
	q, err := profefeQuery(r.URL.Query())
	if err != nil {
		return err
	}
	found := false
	for m, err := range h.store.Find(r.Context(), q) {
		if err != nil {
			return err
		}
		before := ","
		if !found {
			w.Header().Set("Content-Type", "application/json")
			before = `{"code":200,"body":[`
		}
		found = true
		item, err := json.Marshal(toProfefe(&m))
		if err != nil {
			return err
		}
		if _, err := w.Write(append([]byte(before), item...)); err != nil {
			return err
		}
	}
	if !found {
		return errNothing()
	}
	_, err = w.Write([]byte("]}\n"))
	return err
}

func errNothing() error { return collector.Errorf(collector.NotFound, "nothing found") }

// getProfiles answers with one profile as it was received, or with several,
// merged.
func (h *Handler) getProfiles(w http.ResponseWriter, r *http.Request) error {
	ids := strings.Split(r.PathValue("ids"), "+")
	if len(ids) == 1 {
		f, err := h.store.Open(r.Context(), ids[0])
		if err != nil {
			return err
		}
		return serveFile(w, r, f)
	}
	if len(ids) > maxIDs {
		return errTooMany(len(ids))
	}
	return h.merged(w, r, func(ctx context.Context) (*merge.Fold, error) { return h.merger.IDs(ctx, ids) }, "merged.pb.gz")
}

func (h *Handler) services(w http.ResponseWriter, r *http.Request) error {
	names, err := h.store.Services(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: append([]string{}, names...)})
	return nil
}

func (h *Handler) version(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: h.config.Version})
	return nil
}
