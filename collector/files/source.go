package files

import (
	"context"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// A source is the rows of one directory, in memory or in the index.
type source struct {
	dir  uint64
	rows []segment.Row    // of an open segment
	seg  *segment.Segment // of the index, good within its transaction
	gone *removals        // slots whose blobs were removed; nil is none
}

// search calls yield with the rows that q selects.
func (s *source) search(q *segment.Query, yield func(row int, at int64)) {
	if s.seg != nil {
		s.seg.Search(*q, func(row int) bool {
			if s.alive(s.seg.Ref(row)) {
				yield(row, s.seg.At(row))
			}
			return true
		})
		return
	}
next:
	for i := range s.rows {
		r := &s.rows[i]
		if r.At < q.From || r.At >= q.To || !s.alive(r.Ref) {
			continue
		}
		for _, t := range q.Terms {
			if !slices.Contains(r.Terms, t) {
				continue next
			}
		}
		for n := range q.Match {
			if !matches(r.Terms, &q.Match[n]) {
				continue next
			}
		}
		yield(i, r.At)
	}
}

// matches reports whether the terms of a row match.
func matches(terms []string, m *segment.Match) bool {
	found := false
	for _, t := range terms {
		rest, ok := strings.CutPrefix(t, m.Prefix)
		if ok && m.Fits(rest) != m.Every {
			return !m.Every
		}
		found = found || ok
	}
	if found {
		return m.Every
	}
	return m.Fits("")
}

func (s *source) alive(ref uint64) bool { return s.gone == nil || !s.gone.has(int(ref>>48)) }

func (s *source) ref(i int) uint64 {
	if s.seg != nil {
		return s.seg.Ref(i)
	}
	return s.rows[i].Ref
}

// row returns a row with its terms sorted. Its payload is not a copy.
func (s *source) row(i int) segment.Row {
	if s.seg != nil {
		return segment.Row{
			At: s.seg.At(i), Ref: s.seg.Ref(i), Terms: s.seg.Terms(nil, i), Payload: s.seg.Payload(i),
		}
	}
	r := s.rows[i]
	r.Terms = slices.Sorted(slices.Values(r.Terms))
	return r
}

// len is the number of rows.
func (s *source) len() int {
	if s.seg != nil {
		return s.seg.Rows()
	}
	return len(s.rows)
}

// A view is the content of the store at one moment.
type view struct {
	filling []source // newest first
	sealed  []sealed
	stable  uint64 // uploads below this number are in it, and none comes later
}

func (s *Store) view() (v view, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return v, errClosed()
	}
	v.sealed, v.stable = s.sealed, s.stableBelow()
	for dir, open := range s.filling {
		v.filling = append(v.filling, source{dir: dir, rows: open.rows, gone: open.gone})
	}
	slices.SortFunc(v.filling, func(a, b source) int { return int(b.dir) - int(a.dir) })
	return v, nil
}

// eachSource calls do with each source that may hold rows of q's time, the newest
// first, but for those of the index that known knows, unless that is nil. A source is
// good until do returns. Meanwhile do must not call methods of the store, and may narrow
// q.
func (s *Store) eachSource(ctx context.Context, q *segment.Query, known func(*sealed) bool, do func(*source) error) error {
	v, err := s.view()
	if err != nil {
		return err
	}
	for i := range v.filling {
		if err := do(&v.filling[i]); err != nil {
			return err
		}
	}
	return s.read(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(segmentsBucket))
		for i := range slices.Backward(v.sealed) {
			sl := &v.sealed[i]
			if sl.last < q.From || sl.first >= q.To || known != nil && known(sl) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			src, err := openSource(bucket, sl.dir, sl.gone)
			if err == nil && src != nil {
				err = do(src)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// openSource returns the source of a sealed directory, or nil if retention has
// removed it meanwhile.
func openSource(bucket *bbolt.Bucket, dir uint64, gone *removals) (*source, error) {
	raw := bucket.Get(dirKey(dir))
	if raw == nil {
		return nil, nil
	}
	seg, err := segment.Open(raw)
	if err != nil {
		return nil, err
	}
	return &source{dir: dir, seg: seg, gone: gone}, nil
}
