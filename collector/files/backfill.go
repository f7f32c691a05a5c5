package files

import (
	"context"
	"fmt"
	"io"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// A Summer adds up the values of a profile.
type Summer func(profile io.Reader) ([]collector.Total, error)

// Backfill gives totals to the rows of profiles that an earlier version has stored. It
// reads their files, directory by directory from the newest on, and may take long; ctx
// ends it, and the next call goes on. Progress is called after each directory. A profile
// that cannot be added up has no totals from then on.
func (s *Store) Backfill(ctx context.Context, sum Summer, progress func(done, total int)) error {
	var dirs []uint64
	for dir, ok := s.nextDir(0); ok; dir, ok = s.nextDir(dir + 1) {
		lacks := false
		err := s.inDir(dir, func(src *source) error {
			for i := 0; i < src.len() && !lacks; i++ {
				lacks = src.lacksTotals(i)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if lacks {
			dirs = append(dirs, dir)
		}
	}
	slices.Reverse(dirs)
	for n, dir := range dirs {
		if err := s.backfill(ctx, dir, sum); err != nil {
			return fmt.Errorf("holmes: backfill: %w", err)
		}
		progress(n+1, len(dirs))
	}
	return nil
}

// lacksTotals reports whether a row is a profile's without totals.
func (s *source) lacksTotals(row int) bool {
	if !s.alive(s.ref(row)) || s.termWith(row, termClass) != profileRow[len(termClass):] {
		return false
	}
	_, has := s.termOf(row, termTotals)
	return !has && collector.Kind(s.termWith(row, termKind)).Pprof()
}

// backfill writes the rows of one directory anew.
func (s *Store) backfill(ctx context.Context, dir uint64, sum Summer) error {
	var ids []blobID
	err := s.inDir(dir, func(src *source) error {
		for i := range src.len() {
			if id, _ := fromRef(dir, src.ref(i)); src.lacksTotals(i) && !slices.Contains(ids[max(0, len(ids)-1):], id) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	filled := map[uint64]segment.Row{}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := s.summed(id, sum)
		if err != nil {
			return err
		}
		for _, row := range rows {
			filled[row.Ref] = row
		}
	}
	s.sweeping.Lock() // segments are written anew by one at a time
	defer s.sweeping.Unlock()
	before, err := s.sizes(dir)
	if err != nil {
		return err
	}
	if err := s.replace(dir, filled); err != nil {
		return err
	}
	return s.correct(dir, before)
}

// sizes returns the bytes of the uploads in a directory.
func (s *Store) sizes(dir uint64) (map[blobID]int64, error) {
	bytes := map[blobID]int64{}
	return bytes, s.inDir(dir, func(src *source) error {
		return src.eachUpload(func(u *upload) bool { bytes[u.id] = u.bytes; return true })
	})
}

// correct corrects the sums after rows were replaced: those of earlier versions guess
// the bytes of their blobs. The caller holds sweeping.
func (s *Store) correct(dir uint64, before map[blobID]int64) error {
	clear(s.queues) // they have the guesses
	return s.inDir(dir, func(src *source) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		return src.eachUpload(func(u *upload) bool {
			if was, known := before[u.id]; known {
				by := amount{0, u.bytes - was}
				s.total.add(by)
				s.ofClass[u.class].add(by)
				s.usage[u.service][u.class].add(by)
			}
			if k, ok := s.kept[u.id]; ok {
				k.upload = *u
				s.kept[u.id] = k
			}
			return true
		})
	})
}

// summed returns the rows of a blob with totals, or none if it is gone or damaged.
func (s *Store) summed(id blobID, sum Summer) ([]segment.Row, error) {
	f, rec, err := s.openBlob(id)
	if code := collector.CodeOf(err); code == collector.NotFound || code == collector.Damaged {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for n := range rec.Files {
		file := &rec.Files[n]
		if file.Kind == "" || !file.Kind.Pprof() || file.Totals != nil {
			continue
		}
		content, err := rec.section(f, n)
		if isDamage(err) {
			_ = s.damagedFile(id, rec, n, err) // is reported
			continue
		}
		if err != nil {
			return nil, err
		}
		file.Totals = []collector.Total{} // which says that it was tried
		if totals, err := sum(content); err == nil && len(totals) > 0 {
			file.Totals = totals
		}
	}
	return rec.rows(id)
}

// replace replaces rows of a directory by those with the same reference. The caller
// holds sweeping.
func (s *Store) replace(dir uint64, by map[uint64]segment.Row) error {
	swap := func(row segment.Row) segment.Row {
		if better, ok := by[row.Ref]; ok {
			return better
		}
		return row
	}
	s.mu.Lock()
	if open := s.filling[dir]; open != nil {
		defer s.mu.Unlock()
		if open.sealing {
			return nil // the next call finds it sealed
		}
		rows := slices.Clone(open.rows) // a view may have the old slice
		for i := range rows {
			rows[i] = swap(rows[i])
		}
		open.rows = rows
		return nil
	}
	sl := s.sealedDir(dir)
	if sl == nil {
		s.mu.Unlock()
		return nil
	}
	gone := sl.gone
	s.mu.Unlock()
	var raw []byte
	err := s.write(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(segmentsBucket))
		src, err := openSource(bucket, dir, gone)
		if err != nil || src == nil {
			return err
		}
		rows := make([]segment.Row, 0, src.len())
		for i := range src.len() {
			rows = append(rows, swap(copied(src.row(i))))
		}
		raw = segment.Build(rows, src.seg.Extra())
		return bucket.Put(dirKey(dir), raw)
	})
	if err != nil || raw == nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addSealed(dir, raw, gone)
	return nil
}
