package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/units"
)

// A window is the flags of a search.
type window struct {
	service, signal, state, culprit, kind, labels, from, to string
	matchers                                                matchers
	limit                                                   int
}

// matchers is a flag that may be given several times.
type matchers []collector.Matcher

func (m *matchers) String() string {
	var all []string
	for i := range *m {
		all = append(all, (*m)[i].String())
	}
	return strings.Join(all, " ")
}

// Set adds a matcher.
func (m *matchers) Set(text string) error {
	one, err := collector.ParseMatcher(text)
	if err == nil {
		*m = append(*m, one)
	}
	return err
}

// set adds the flags.
func (w *window) set(s *settings) {
	s.flags.StringVar(&w.service, "service", "", "of this `service`")
	s.flags.StringVar(&w.kind, "type", "", "profiles of this `type`: cpu, heap, goroutine, ...")
	s.flags.StringVar(&w.labels, "labels", "", "with these labels, `k=v,k2=v2`")
	s.flags.Var(&w.matchers, "match", "with labels that match, `name=\"value\"`, also with !=, =~ or !~; may be given several times")
	s.flags.StringVar(&w.from, "from", "", "from this `time` on: 2026-05-04T03:02:01, in UTC, or an age like 24h, 7d or now-1h")
	s.flags.StringVar(&w.to, "to", "", "until this `time`, its second included")
	s.flags.IntVar(&w.limit, "limit", 100, "at most so `many`, the newest")
}

// query is the search as a query for profiles.
func (w *window) query() (q collector.Query, err error) {
	q = collector.Query{Service: w.service, Kind: collector.Kind(w.kind), Matchers: w.matchers, Limit: w.limit}
	if q.Labels, err = collector.ParseLabels(w.labels); err != nil {
		return q, usageError{err}
	}
	if q.From, q.To, err = units.Window(w.from, w.to, time.Now()); err != nil {
		return q, usageError{fmt.Errorf("holmes: -%w", err)}
	}
	if err := q.Validate(); err != nil {
		return q, usageError{err}
	}
	return q, nil
}
