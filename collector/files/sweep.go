package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// Sweep removes uploads that are older than [Options].MaxAge or above
// [Options].MaxBytes. Call it from time to time. It returns the number of uploads
// that it removed.
func (s *Store) Sweep(ctx context.Context) (removed int, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for ; ctx.Err() == nil; removed++ {
		if s.isClosed() {
			return removed, errClosed()
		}
		u, err := s.oldest.peek(s)
		if err != nil {
			return removed, err
		}
		if u == nil || !s.over(0) && !s.expired(u) {
			return removed, s.tidy()
		}
		if err := s.remove(u); err != nil {
			return removed, err
		}
	}
	return removed, ctx.Err()
}

// over reports whether n more bytes would exceed the bound.
func (s *Store) over(n int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.opts.MaxBytes > 0 && s.total.bytes+s.staged+n > s.opts.MaxBytes
}

// expired reports whether an upload is too old.
func (s *Store) expired(u *upload) bool {
	return s.opts.MaxAge > 0 && s.opts.Now().UnixNano()-u.received > int64(s.opts.MaxAge)
}

// reserve counts n bytes of a draft, and makes room for them.
func (s *Store) reserve(n int64) error {
	if s.over(n) {
		if err := s.makeRoom(n); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged += n
	return nil
}

func (s *Store) unreserve(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged -= n
}

// makeRoom removes the oldest blobs until n more bytes fit.
func (s *Store) makeRoom(n int64) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for s.over(n) {
		u, err := s.oldest.peek(s)
		if err != nil {
			return err
		}
		if u == nil {
			return &collector.Error{
				Code: collector.Full, RetryAfter: fullRetry,
				Message: fmt.Sprintf("no room within %d bytes", s.opts.MaxBytes),
			}
		}
		if err := s.remove(u); err != nil {
			return err
		}
	}
	return nil
}

// A queue is the uploads in the order of their arrival. It is used while sweeping is
// held. The zero value begins with the oldest.
type queue struct {
	dir uint64

	ahead []upload
}

// peek returns the first upload that is still there, or nil. It stays the first until
// it is removed.
func (q *queue) peek(s *Store) (*upload, error) {
	for wrapped := false; ; {
		for len(q.ahead) > 0 {
			u := &q.ahead[0]
			if s.there(u.id) {
				return u, nil
			}
			q.ahead = q.ahead[1:]
		}
		more, err := q.load(s)
		switch {
		case err != nil:
			return nil, err
		case more:
		case wrapped:
			return nil, nil
		default: // a commit may have ended behind later ones
			wrapped, q.dir = true, 0
		}
	}
}

// load reads the next directory that has uploads, and reports whether there is one.
func (q *queue) load(s *Store) (bool, error) {
	for dir, ok := s.nextDir(q.dir); ok; dir, ok = s.nextDir(dir + 1) {
		err := s.inDir(dir, func(src *source) error {
			return src.eachUpload(func(u *upload) bool {
				q.ahead = append(q.ahead, *u)
				return true
			})
		})
		q.dir = dir + 1
		if err != nil || len(q.ahead) > 0 {
			return true, err
		}
	}
	return false, nil
}

// nextDir returns the first directory from this one on.
func (s *Store) nextDir(from uint64) (dir uint64, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, _ := slices.BinarySearchFunc(s.sealed, from, byDir)
	if at < len(s.sealed) {
		dir, ok = s.sealed[at].dir, true
	}
	for d := range s.filling {
		if d >= from && (!ok || d < dir) {
			dir, ok = d, true
		}
	}
	return dir, ok
}

// inDir calls do with the rows of one directory, if it is there.
func (s *Store) inDir(dir uint64, do func(*source) error) error {
	s.mu.RLock()
	var src *source
	var gone *removals
	if open := s.filling[dir]; open != nil {
		src = &source{dir: dir, rows: open.rows, gone: open.gone}
	} else if sl := s.sealedDir(dir); sl != nil {
		gone = sl.gone
	}
	s.mu.RUnlock()
	switch {
	case src != nil:
		return do(src)
	case gone == nil:
		return nil
	}
	return s.read(func(tx *bbolt.Tx) error {
		src, err := openSource(tx.Bucket([]byte(segmentsBucket)), dir, gone)
		if err != nil || src == nil {
			return err
		}
		return do(src)
	})
}

// remove removes an upload. The caller holds sweeping.
func (s *Store) remove(u *upload) error {
	if err := os.Remove(s.blobPath(u.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: sweep: %w", err)
	}
	s.uncount(u)
	return nil
}

// count adds an upload to what the store has. The caller holds mu.
func (s *Store) count(u *upload) {
	s.total.add(amount{1, u.bytes})
	of := s.usage[u.service]
	if of == nil {
		of = new([classes]amount)
		s.usage[u.service] = of
	}
	of[u.class].add(amount{1, u.bytes})
}

// uncount makes an upload that is gone from the disk gone from searches.
func (s *Store) uncount(u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	removed := s.removedFrom(u.id.dir())
	if removed == nil || !removed.add(u.id.slot()) {
		return
	}
	removed.left--
	s.total.sub(amount{1, u.bytes})
	of := s.usage[u.service]
	if of[u.class].sub(amount{1, u.bytes}); *of == [classes]amount{} {
		delete(s.usage, u.service)
	}
}

// tidy drops directories without uploads, and writes the segments anew that have more
// rows of removed uploads than of others. The caller holds sweeping.
func (s *Store) tidy() error {
	s.mu.RLock()
	var sparse []sealed
	for _, sl := range s.sealed {
		if 2*sl.gone.left < sl.blobs || sl.gone.left == 0 {
			sparse = append(sparse, sl)
		}
	}
	s.mu.RUnlock()
	for _, sl := range sparse {
		if err := s.shrink(sl); err != nil {
			return err
		}
	}
	return nil
}

// shrink writes a segment anew, or drops its directory if nothing is left there. That
// the index cannot be written does no harm: the files are what counts.
func (s *Store) shrink(sl sealed) error {
	s.mu.RLock()
	left := sl.gone.left
	s.mu.RUnlock()
	if left == 0 {
		if err := os.Remove(filepath.Join(s.dir, blobsDir, dirName(sl.dir))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("holmes: sweep: %w", err)
		}
		s.mu.Lock()
		s.sealed = slices.DeleteFunc(slices.Clone(s.sealed), func(a sealed) bool { return a.dir == sl.dir })
		s.mu.Unlock()
		s.forget(sl.dir)
		return nil
	}
	var raw []byte
	err := s.write(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(segmentsBucket))
		src, err := openSource(bucket, sl.dir, sl.gone)
		if err != nil || src == nil {
			return err
		}
		var rows []segment.Row
		for i := range src.len() {
			row := src.row(i)
			if src.alive(row.Ref) {
				rows = append(rows, copied(row))
			} else if err := freeKey(tx, sl.dir, &row); err != nil {
				return err
			}
		}
		raw = segment.Build(rows, pack(left, 0, true))
		return bucket.Put(dirKey(sl.dir), raw)
	})
	if err != nil {
		s.opts.Log.Sugar().Warnf("write the index: %v", err)
		return nil
	}
	if raw != nil {
		s.mu.Lock()
		s.addSealed(sl.dir, raw, sl.gone)
		s.mu.Unlock()
	}
	return nil
}

// forget removes a directory that is gone from the index. A failure does no harm: the
// next Open tries again.
func (s *Store) forget(dir uint64) {
	err := s.write(func(tx *bbolt.Tx) error { return forget(tx, dir) })
	if err != nil {
		s.opts.Log.Sugar().Warnf("write the index: %v", err)
	}
}

// forget removes a directory's segment, and the keys of its uploads.
func forget(tx *bbolt.Tx, dir uint64) error {
	segments := tx.Bucket([]byte(segmentsBucket))
	src, err := openSource(segments, dir, nil)
	if err != nil {
		return err
	}
	for i := 0; src != nil && i < src.len(); i++ {
		row := src.row(i)
		if err := freeKey(tx, dir, &row); err != nil {
			return err
		}
	}
	return segments.Delete(dirKey(dir))
}

// freeKey removes the key of a row's upload, unless it was used again.
func freeKey(tx *bbolt.Tx, dir uint64, row *segment.Row) error {
	key, err := keyOf(dir, row)
	if err != nil {
		return err
	}
	keys := tx.Bucket([]byte(keysBucket))
	id, _ := fromRef(dir, row.Ref)
	if key == "" || string(keys.Get([]byte(key))) != id.String() {
		return nil
	}
	return keys.Delete([]byte(key))
}
