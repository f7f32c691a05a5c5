package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/units"
)

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

// idempotencyKey returns the key that tells a repetition of a request, or "".
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

// describedBy reads the description of an uploaded profile. CreatedAt may be zero.
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
func profefeQuery(values url.Values, now time.Time) (q collector.Query, err error) {
	if q.Service = values.Get("service"); q.Service == "" {
		return q, collector.Errorf(collector.Invalid, "missing service")
	}
	for _, bound := range []string{"from", "to"} {
		if values.Get(bound) == "" {
			return q, collector.Errorf(collector.Invalid, "missing %s", bound)
		}
	}
	err = readQuery(&q, values, now)
	return q, err
}

// readQuery reads the parameters that both forms of a search share.
func readQuery(q *collector.Query, values url.Values, now time.Time) (err error) {
	if kind := values.Get("type"); kind != "" {
		if q.Kind, err = collector.ParseKind(kind); err != nil {
			return err
		}
	}
	if q.Labels, err = collector.ParseLabels(values.Get("labels")); err != nil {
		return err
	}
	if q.Matchers, err = collector.ParseMatchers(values["match"]); err != nil {
		return err
	}
	if q.From, q.To, err = window(values, now); err != nil {
		return err
	}
	if q.Limit, err = limit(values); err != nil {
		return err
	}
	if q.After, err = collector.ParsePosition(values.Get("after")); err != nil {
		return err
	}
	return q.Validate()
}

// window reads from and to, see [units.Window].
func window(values url.Values, now time.Time) (from, to time.Time, err error) {
	from, to, err = units.Window(values.Get("from"), values.Get("to"), now)
	if err != nil {
		err = collector.Errorf(collector.Invalid, "%w", err)
	}
	return from, to, err
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

const (
	defaultLimit = 100    // results of a search of /api/1
	maxLimit     = 10_000 // that a request can ask for there
)

// boundedLimit is the limit of /api/1, with its default and its bound.
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
