package files

import (
	"context"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// LabelNames returns the names of the labels of the selected profiles.
func (s *Store) LabelNames(ctx context.Context, q collector.Query) ([]string, error) {
	return s.values(ctx, &q, termLabel, "\x00")
}

// LabelValues returns the values of a label of the selected profiles.
func (s *Store) LabelValues(ctx context.Context, name string, q collector.Query) ([]string, error) {
	if name == "" {
		return nil, collector.Errorf(collector.Invalid, "missing label")
	}
	return s.values(ctx, &q, termPrefix(name), "")
}

// values returns what follows a prefix in the terms of the selected profiles, up to a
// separator unless that is "".
func (s *Store) values(ctx context.Context, q *collector.Query, prefix, separator string) ([]string, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	sq := profileQuery(q)
	lookup := &lookup{query: &sq, prefix: prefix, separator: separator, found: map[string]bool{}}
	do := func() error {
		return s.eachSource(ctx, &sq, lookup.known, func(src *source) error {
			lookup.read(src)
			return nil
		})
	}
	if !lookup.cacheable() {
		err := do()
		return lookup.values(), err
	}
	err := s.cached.with(prefix+"\x00"+separator, func(c *labelCache) error { return lookup.with(c, do) })
	return lookup.values(), err
}

// profileQuery is the query of profiles, without its page.
func profileQuery(q *collector.Query) segment.Query {
	terms := []string{profileRow}
	terms = appendTerm(terms, termService, q.Service)
	terms = appendTerm(terms, termKind, string(q.Kind))
	terms = appendTerm(terms, termEvent, q.Event)
	return within(q.From, q.To, terms, q.Labels, q.Matchers)
}

// Timeline adds up totals over time, from the index alone.
func (s *Store) Timeline(ctx context.Context, q collector.TimelineQuery) ([]collector.Line, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	sq := profileQuery(&q.Query)
	lines := collector.NewLines(&q)
	by := ""
	if q.By != "" {
		by = termPrefix(q.By)
	}
	err := s.eachSource(ctx, &sq, nil, func(src *source) error {
		terms := src.termsOf(by, q.Type)
		var failed error
		var buf [8]int64
		src.search(&sq, func(row int, at int64) {
			units := terms.units(row)
			if len(units) == 0 {
				return
			}
			duration, values, err := totalsIn(buf[:0], src.payload(row), terms.single(row), len(units))
			if err != nil {
				failed = err
			}
			for n, unit := range units {
				if unit != noUnit {
					lines.Add(terms.by(row), unit, at, values[n], duration)
				}
			}
		})
		return failed
	})
	if err != nil {
		return nil, err
	}
	return lines.Sorted(), nil
}

const noUnit = "\x00"

// A termReader reads the terms of rows that a timeline needs, each term once.
type termReader struct {
	src        *source
	sampleType string
	prefixes   [4]string // of by, totals, event and own kind
	ranges     [4][2]int // in a segment
	bys        map[string]string
	unitsOf    map[string][]string
}

func (s *source) termsOf(by, sampleType string) *termReader {
	t := &termReader{
		src: s, sampleType: sampleType, prefixes: [4]string{by, termTotals, termEvent, termOwn},
		bys: map[string]string{}, unitsOf: map[string][]string{},
	}
	if s.seg != nil {
		for i, prefix := range t.prefixes {
			t.ranges[i][0], t.ranges[i][1] = s.seg.Range(prefix)
		}
	}
	return t
}

// term returns what follows the i-th prefix in the terms of a row. It is not a copy.
func (t *termReader) term(row, i int) (rest []byte, ok bool) {
	if t.src.seg == nil {
		text, ok := t.src.termOf(row, t.prefixes[i])
		return []byte(text), ok
	}
	n := t.src.seg.Member(t.src.seg.SetOf(row), t.ranges[i][0], t.ranges[i][1])
	if n < 0 {
		return nil, false
	}
	return t.src.seg.Term(n)[len(t.prefixes[i]):], true
}

func (t *termReader) by(row int) string {
	if t.prefixes[0] == "" {
		return ""
	}
	rest, _ := t.term(row, 0)
	if own, several := t.term(row, 3); several && t.prefixes[0] == termKind {
		rest = own
	}
	by, known := t.bys[string(rest)]
	if !known {
		by = string(rest)
		if t.prefixes[0] == termKind {
			by = string(collector.Kind(by).Of(t.sampleType))
		}
		t.bys[string(rest)] = by
	}
	return by
}

// units returns the unit of each total of a row, or noUnit for one of another type;
// nothing if none is of the type.
func (t *termReader) units(row int) []string {
	rest, _ := t.term(row, 1)
	units, known := t.unitsOf[string(rest)]
	if known {
		return units
	}
	found := false
	for _, total := range totalsOf(string(rest)) {
		if total.Type == t.sampleType {
			units, found = append(units, total.Unit), true
		} else {
			units = append(units, noUnit)
		}
	}
	if !found {
		units = nil
	}
	t.unitsOf[string(rest)] = units
	return units
}

// single reports whether the row is of a profile without an event.
func (t *termReader) single(row int) bool {
	_, of := t.term(row, 2)
	return !of
}

// totalsIn decodes the duration and the totals of a row, and appends the latter.
func totalsIn(values []int64, payload []byte, single bool, n int) (time.Duration, []int64, error) {
	p := payloadReader{rest: payload}
	p.uvarint()
	duration := time.Duration(p.uvarint())
	p.varint()
	p.skipString()
	if single {
		p.skipString()
		if len(p.rest) > 0 {
			p.uvarint()
		}
	}
	for range n {
		values = append(values, p.varint())
	}
	return duration, values, p.err
}
