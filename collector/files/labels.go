package files

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// LabelNames returns the names of the labels of the selected profiles.
func (s *Store) LabelNames(ctx context.Context, q collector.Query) ([]string, error) {
	return s.values(ctx, &q, termLabel, func(rest string) string {
		name, _, _ := strings.Cut(rest, "\x00")
		return name
	})
}

// LabelValues returns the values of a label of the selected profiles.
func (s *Store) LabelValues(ctx context.Context, name string, q collector.Query) ([]string, error) {
	if name == "" {
		return nil, collector.Errorf(collector.Invalid, "missing label")
	}
	return s.values(ctx, &q, termPrefix(name), func(rest string) string { return rest })
}

// values returns what a prefix is followed by in the terms of the selected profiles,
// each turned into its value by valueOf.
func (s *Store) values(ctx context.Context, q *collector.Query, prefix string, valueOf func(string) string) ([]string, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	take := func(rest string) { found[valueOf(rest)] = true }
	sq := profileQuery(q)
	err := s.eachSource(ctx, &sq, func(src *source) error {
		if src.seg == nil {
			src.search(&sq, func(row int, _ int64) {
				for _, t := range src.rows[row].Terms {
					if rest, ok := strings.CutPrefix(t, prefix); ok {
						take(rest)
					}
				}
			})
			return nil
		}
		seen := make([]bool, src.seg.Sets())
		src.search(&sq, func(row int, _ int64) { seen[src.seg.SetOf(row)] = true })
		for set, ok := range seen {
			if ok {
				src.seg.SetTermsWith(set, prefix, take)
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
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
	err := s.eachSource(ctx, &sq, func(src *source) error {
		cached := map[int]*totalsOfSet{}
		var failed error
		src.search(&sq, func(row int, at int64) {
			set := -1 - row // an open segment has no sets
			if src.seg != nil {
				set = src.seg.SetOf(row)
			}
			of := cached[set]
			if of == nil {
				of = src.totalsOfSet(row, by, q.Type)
				cached[set] = of
			}
			if len(of.units) == 0 {
				return
			}
			duration, values, err := totalsIn(src.payload(row), of)
			if err != nil {
				failed = err
			}
			for n, unit := range of.units {
				if unit != noUnit && n < len(values) {
					lines.Add(of.by, unit, at, values[n], duration)
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

// A totalsOfSet is what the rows of a set of terms have in common.
type totalsOfSet struct {
	by     string
	single bool
	units  []string // of each total, or noUnit for one of another type; empty if none is of it
}

const noUnit = "\x00"

func (s *source) totalsOfSet(row int, by, sampleType string) *totalsOfSet {
	of := new(totalsOfSet)
	if by != "" {
		of.by = s.termWith(row, by)
	}
	_, part := s.termOf(row, termEvent)
	of.single = !part
	found := false
	for _, t := range totalsOf(s.termWith(row, termTotals)) {
		if t.Type == sampleType {
			of.units, found = append(of.units, t.Unit), true
		} else {
			of.units = append(of.units, noUnit)
		}
	}
	if !found {
		of.units = nil
	}
	return of
}

// totalsIn decodes the duration and the totals of a row.
func totalsIn(payload []byte, of *totalsOfSet) (time.Duration, []int64, error) {
	p := payloadReader{rest: payload}
	p.uvarint()
	duration := time.Duration(p.uvarint())
	p.varint()
	p.skipString()
	if of.single {
		p.skipString()
		if len(p.rest) > 0 {
			p.uvarint()
		}
	}
	values := make([]int64, 0, 8)
	for range of.units {
		values = append(values, p.varint())
	}
	return duration, values, p.err
}
