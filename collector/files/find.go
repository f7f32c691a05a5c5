package files

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// Find returns profiles, the newest first.
func (s *Store) Find(ctx context.Context, q collector.Query) iter.Seq2[collector.Meta, error] {
	after, err := s.profileAt(&q.After)
	return find(ctx, s, errors.Join(q.Validate(), err), profileQuery(&q), after, q.Limit, (*source).meta)
}

// profileAt is where the profile of a position is among the hits, nil for the begin.
func (s *Store) profileAt(p *collector.Position) (*hit, error) {
	if p.IsZero() {
		return nil, nil
	}
	id, part, ok := parseProfileID(p.ID)
	if !ok {
		return nil, collector.Errorf(collector.Invalid, "%.80q is not the ID of a profile", p.ID)
	}
	return &hit{at: p.At.UnixNano(), dir: uint32(id.dir()), ref: id.ref(max(part, 0))}, nil
}

// eventAt is where the event of a position is among the hits. If it is gone, events of
// the same time come again rather than being left out.
func (s *Store) eventAt(p *collector.Position) (*hit, error) {
	if p.IsZero() {
		return nil, nil
	}
	id, ok, err := s.lookUp(collector.EventKey(p.ID))
	if err != nil {
		return nil, err
	}
	if !ok {
		return &hit{at: p.At.UnixNano(), dir: math.MaxUint32, ref: math.MaxUint64}, nil
	}
	return &hit{at: p.At.UnixNano(), dir: uint32(id.dir()), ref: id.ref(whole)}, nil
}

// Events returns events, the newest first.
func (s *Store) Events(ctx context.Context, q collector.EventQuery) iter.Seq2[collector.Event, error] {
	terms := []string{eventRow}
	terms = appendTerm(terms, termService, q.Service)
	terms = appendTerm(terms, termSignal, q.Signal)
	terms = appendTerm(terms, termState, q.State)
	terms = appendTerm(terms, termReason, q.Reason)
	terms = appendTerm(terms, termCulprit, q.Culprit)
	after, err := s.eventAt(&q.After)
	return find(ctx, s, errors.Join(q.Validate(), err), within(q.From, q.To, terms, q.Labels, q.Matchers), after, q.Limit, (*source).event)
}

// meta describes the profile of a row.
func (s *source) meta(row int) (collector.Meta, error) {
	r := s.row(row)
	m, _, err := metaOf(s.dir, &r)
	return m, err
}

// event returns an event with its profiles, whose rows follow its own.
func (s *source) event(row int) (collector.Event, error) {
	first := s.row(row)
	e, _, err := eventOf(&first)
	for row++; err == nil && row < s.len(); row++ {
		next := s.row(row)
		if next.Ref>>48 != first.Ref>>48 {
			break
		}
		var m collector.Meta
		m, _, err = metaOf(s.dir, &next)
		e.Profiles = append(e.Profiles, m)
	}
	return e, err
}

func appendTerm(terms []string, what, value string) []string {
	if value == "" {
		return terms
	}
	return append(terms, what+value)
}

func within(from, to time.Time, terms []string, labels collector.Labels, matchers []collector.Matcher) segment.Query {
	q := segment.Query{From: math.MinInt64, To: math.MaxInt64, Terms: terms}
	if !from.IsZero() {
		q.From = from.UnixNano()
	}
	if !to.IsZero() {
		q.To = to.UnixNano()
	}
	for _, l := range labels {
		q.Terms = append(q.Terms, labelTerm(l))
	}
	for i := range matchers {
		m := &matchers[i]
		if prefix := termPrefix(m.Name); m.Op == "=" && m.Value != "" {
			q.Terms = append(q.Terms, prefix+m.Value)
		} else {
			q.Match = append(q.Match, segment.Match{Prefix: prefix, Fits: m.Matches, Every: m.Negative()})
		}
	}
	return q
}

// termPrefix begins the terms of a label.
func termPrefix(name string) string {
	switch name {
	case collector.NameService:
		return termService
	case collector.NameType:
		return termKind
	}
	return labelTerm(collector.Label{Key: name})
}

// A hit is a row that was found. 24 bytes each: there may be a million. The number
// of the row is good until its segment is written anew.
type hit struct {
	at       int64
	ref      uint64
	dir, row uint32
}

// newest orders hits, the newest first.
func newest(a, b hit) int {
	return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.dir, a.dir), cmp.Compare(b.ref, a.ref))
}

// find returns the rows that q selects, the newest first, each turned into its
// result by decode. If it is given an error, it ends with that.
func find[T any](ctx context.Context, s *Store, err error, q segment.Query, after *hit, limit int,
	decode func(*source, int) (T, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var hits []hit
		if err == nil {
			hits, err = s.hits(ctx, q, after, limit)
		}
		for batch := range slices.Chunk(hits, batchSize) {
			var found []T
			if found, err = resolve(ctx, s, batch, decode); err != nil {
				break
			}
			for _, t := range found {
				if !yield(t, nil) {
					return
				}
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// batchSize is the number of hits that are decoded at once. Between two batches
// the index is not held, so that a slow reader blocks no writer.
const batchSize = 256

// hits returns the newest rows that q selects and that come after one, limit of them
// unless that is 0.
func (s *Store) hits(ctx context.Context, q segment.Query, after *hit, limit int) ([]hit, error) {
	if after != nil {
		q.To = min(q.To, after.at+1)
	}
	var hits []hit
	err := s.eachSource(ctx, &q, nil, func(src *source) error {
		src.search(&q, func(row int, at int64) {
			h := hit{at: at, ref: src.ref(row), dir: uint32(src.dir), row: uint32(row)}
			if after != nil && newest(h, *after) <= 0 {
				return
			}
			hits = append(hits, h)
			if limit > 0 && len(hits) >= 2*limit+batchSize {
				hits = best(hits, limit)
				q.From = max(q.From, hits[limit-1].at) // older ones cannot be among the results
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return best(hits, limit), nil
}

// best sorts the hits and keeps the first ones.
func best(hits []hit, limit int) []hit {
	slices.SortFunc(hits, newest)
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}

// resolve decodes the rows of the hits. Rows that retention has removed meanwhile
// are left out.
func resolve[T any](ctx context.Context, s *Store, hits []hit, decode func(*source, int) (T, error)) ([]T, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	sources := map[uint64]*source{}
	for i := range v.filling {
		sources[v.filling[i].dir] = &v.filling[i]
	}
	found := make([]T, 0, len(hits))
	err = s.read(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(segmentsBucket))
		for _, h := range hits {
			src, err := sourceOf(sources, bucket, &v, uint64(h.dir))
			if err != nil {
				return err
			}
			row, ok := src.find(&h)
			if !ok {
				continue
			}
			t, err := decode(src, row)
			if err != nil {
				return err
			}
			found = append(found, t)
		}
		return nil
	})
	return found, err
}

// sourceOf returns the source of a directory, and opens each only once.
func sourceOf(known map[uint64]*source, bucket *bbolt.Bucket, v *view, dir uint64) (*source, error) {
	if src, ok := known[dir]; ok {
		return src, nil
	}
	i, sealed := slices.BinarySearchFunc(v.sealed, dir, byDir)
	if !sealed {
		known[dir] = nil
		return nil, nil
	}
	src, err := openSource(bucket, dir, v.sealed[i].gone)
	known[dir] = src
	return src, err
}

// find returns the row of a hit, unless it was removed meanwhile.
func (s *source) find(h *hit) (row int, ok bool) {
	if s == nil || !s.alive(h.ref) {
		return 0, false
	}
	if row = int(h.row); row < s.len() && s.ref(row) == h.ref {
		return row, true
	}
	for row = range s.len() {
		if s.ref(row) == h.ref {
			return row, true
		}
	}
	return 0, false
}
