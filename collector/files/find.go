package files

import (
	"cmp"
	"context"
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
	terms := []string{profileRow}
	terms = appendTerm(terms, termService, q.Service)
	terms = appendTerm(terms, termKind, string(q.Kind))
	terms = appendTerm(terms, termEvent, q.Event)
	return find(ctx, s, q.Validate(), within(q.From, q.To, terms, q.Labels), q.Limit, (*source).meta)
}

// Events returns events, the newest first.
func (s *Store) Events(ctx context.Context, q collector.EventQuery) iter.Seq2[collector.Event, error] {
	terms := []string{eventRow}
	terms = appendTerm(terms, termService, q.Service)
	terms = appendTerm(terms, termSignal, q.Signal)
	terms = appendTerm(terms, termState, q.State)
	terms = appendTerm(terms, termReason, q.Reason)
	terms = appendTerm(terms, termCulprit, q.Culprit)
	return find(ctx, s, q.Validate(), within(q.From, q.To, terms, q.Labels), q.Limit, (*source).event)
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

func within(from, to time.Time, terms []string, labels collector.Labels) segment.Query {
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
	return q
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
func find[T any](ctx context.Context, s *Store, err error, q segment.Query, limit int,
	decode func(*source, int) (T, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var hits []hit
		if err == nil {
			hits, err = s.hits(ctx, q, limit)
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

// hits returns the newest rows that q selects, limit of them unless that is 0.
func (s *Store) hits(ctx context.Context, q segment.Query, limit int) ([]hit, error) {
	var hits []hit
	err := s.eachSource(ctx, &q, func(src *source) error {
		src.search(&q, func(row int, at int64) {
			hits = append(hits, hit{at: at, ref: src.ref(row), dir: uint32(src.dir), row: uint32(row)})
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
