package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
)

// A listing is the blobs that are left of the oldest directory.
type listing struct {
	dir uint64
	ids []blobID
}

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
		id, ok, err := s.oldestBlob()
		if err != nil || !ok {
			return removed, err
		}
		if !s.over(0) && !s.expired(id) {
			return removed, nil
		}
		if err := s.remove(id); err != nil {
			return removed, err
		}
	}
	return removed, ctx.Err()
}

// over reports whether n more bytes would exceed the bound.
func (s *Store) over(n int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.opts.MaxBytes > 0 && s.used+s.staged+n > s.opts.MaxBytes
}

// expired reports whether a blob is too old. The age of a blob that cannot be read
// is not known; it stays until its bytes are needed.
func (s *Store) expired(id blobID) bool {
	if s.opts.MaxAge <= 0 {
		return false
	}
	rec, err := s.readBlob(id)
	return err == nil && s.opts.Now().Sub(rec.Received) > s.opts.MaxAge
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
		id, ok, err := s.oldestBlob()
		if err != nil {
			return err
		}
		if !ok {
			return &collector.Error{
				Code: collector.Full, RetryAfter: fullRetry,
				Message: fmt.Sprintf("no room within %d bytes", s.opts.MaxBytes),
			}
		}
		if err := s.remove(id); err != nil {
			return err
		}
	}
	return nil
}

// oldestBlob returns the oldest blob. The caller holds sweeping.
func (s *Store) oldestBlob() (id blobID, ok bool, err error) {
	for len(s.oldest.ids) == 0 {
		dirs, err := s.listDirs()
		if err != nil || len(dirs) == 0 {
			return id, false, err
		}
		s.oldest.dir = dirs[0]
		if s.oldest.ids, err = s.listBlobs(dirs[0]); err != nil {
			return id, false, err
		}
		if len(s.oldest.ids) > 0 {
			break
		}
		if dropped, err := s.drop(dirs[0]); !dropped || err != nil {
			return id, false, err
		}
	}
	return s.oldest.ids[0], true, nil
}

// remove removes the oldest blob. The caller holds sweeping.
func (s *Store) remove(id blobID) error {
	path := s.blobPath(id)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: sweep: %w", err)
	}
	s.oldest.ids = s.oldest.ids[1:]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor = max(s.floor, id.seq+1)
	if err == nil { // it was there
		s.used -= onDisk(info.Size())
		s.blobs--
	}
	return nil
}

// drop removes an empty directory from disk and from the index, unless it is
// being filled. The caller holds sweeping.
func (s *Store) drop(dir uint64) (dropped bool, err error) {
	s.mu.RLock()
	filling := s.filling[dir] != nil
	s.mu.RUnlock()
	if filling {
		return false, nil
	}
	if err := os.Remove(s.newOpenSegment(dir).names.path); err != nil {
		return false, fmt.Errorf("holmes: sweep: %w", err)
	}
	s.mu.Lock()
	s.sealed = slices.DeleteFunc(slices.Clone(s.sealed), func(sl sealed) bool { return sl.dir == dir })
	s.mu.Unlock()
	s.forget(dir)
	return true, nil
}

// forget removes a directory that is gone from the index. A failure does no harm:
// the rows are below the floor, and the next Open tries again.
func (s *Store) forget(dir uint64) {
	err := s.write(func(tx *bbolt.Tx) error { return forget(tx, dir) })
	if err != nil {
		s.opts.Log.Sugar().Warnf("write the index: %v", err)
	}
}

// forget removes a directory's segment, and the keys of its uploads unless they
// were used again.
func forget(tx *bbolt.Tx, dir uint64) error {
	segments, keys := tx.Bucket([]byte(segmentsBucket)), tx.Bucket([]byte(keysBucket))
	src, err := openSource(segments, &view{}, dir)
	if err != nil {
		return err
	}
	for i := 0; src != nil && i < src.len(); i++ {
		row := src.row(i)
		key, err := keyOf(dir, &row)
		if err != nil {
			return err
		}
		id, _ := fromRef(dir, row.Ref)
		if key != "" && string(keys.Get([]byte(key))) == id.String() {
			if err := keys.Delete([]byte(key)); err != nil {
				return err
			}
		}
	}
	return segments.Delete(dirKey(dir))
}
