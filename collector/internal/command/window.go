package command

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/units"
)

// A window is the flags of a search.
type window struct {
	service, signal, state, culprit, kind, labels, from, to string
	limit                                                   int
}

// set adds the flags.
func (w *window) set(s *settings) {
	s.flags.StringVar(&w.service, "service", "", "of this `service`")
	s.flags.StringVar(&w.kind, "type", "", "profiles of this `type`: cpu, heap, goroutine, ...")
	s.flags.StringVar(&w.labels, "labels", "", "with these labels, `k=v,k2=v2`")
	s.flags.StringVar(&w.from, "from", "", "from this `time` on: 2026-05-04T03:02:01, in UTC, or an age like 24h or 7d")
	s.flags.StringVar(&w.to, "to", "", "before this `time`")
	s.flags.IntVar(&w.limit, "limit", 100, "at most so `many`, the newest")
}

// query is the search as a query for profiles.
func (w *window) query() (q collector.Query, err error) {
	q = collector.Query{Service: w.service, Kind: collector.Kind(w.kind), Limit: w.limit}
	if q.Labels, err = collector.ParseLabels(w.labels); err != nil {
		return q, usageError{err}
	}
	if q.From, err = moment("from", w.from); err != nil {
		return q, err
	}
	if q.To, err = moment("to", w.to); err != nil {
		return q, err
	}
	if err := q.Validate(); err != nil {
		return q, usageError{err}
	}
	return q, nil
}

// moment reads a time in UTC, or an age.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, ok := units.Moment(text, time.Now())
	if !ok {
		return at, usageError{fmt.Errorf("holmes: -%s: %q is neither a time like 2026-05-04T03:02:01 nor an age like 24h", name, text)}
	}
	return at, nil
}
