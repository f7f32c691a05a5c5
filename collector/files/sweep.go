package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// Sweep removes the uploads that [Options] do not keep: by age, by the quota of their
// service, by bytes, and for the disk. Call it from time to time. It returns the number
// of uploads that it removed.
func (s *Store) Sweep(ctx context.Context) (removed int, err error) {
	if s.isClosed() {
		return 0, errClosed()
	}
	before := s.removedInAll()
	for c := range classes {
		if err := s.sweepAge(ctx, c); err != nil {
			return s.removedInAll() - before, err
		}
	}
	for _, service := range s.services() {
		if err := s.keepQuota(service); err != nil {
			return s.removedInAll() - before, err
		}
	}
	s.sweeping.Lock()
	for more := true; more && err == nil && ctx.Err() == nil; {
		more, err = s.relieve(0)
	}
	if err == nil {
		err = s.tidy()
	}
	s.sweepAside()
	s.logRemoved()
	s.sweeping.Unlock()
	if err == nil {
		err = ctx.Err()
	}
	return s.removedInAll() - before, err
}

// sweepAge removes the uploads of a class that are too old.
func (s *Store) sweepAge(ctx context.Context, c class) error {
	age := s.age(c)
	if age <= 0 {
		return nil
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	now := s.opts.Now()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := s.oldest("", c)
		if err != nil {
			return err
		}
		if u == nil || now.UnixNano()-u.received <= int64(age) {
			break
		}
		if err := s.remove(u, byAge); err != nil {
			return err
		}
	}
	for _, k := range s.kept {
		if k.class == c && !k.pinned && now.Sub(k.at) > age {
			if err := s.remove(&k.upload, byAge); err != nil {
				return err
			}
		}
	}
	return nil
}

// age is how long an upload of a class is kept, or 0.
func (s *Store) age(c class) time.Duration {
	if c == event {
		return s.opts.EventAge
	}
	return s.opts.MaxAge
}

// removedInAll is the number of uploads that were removed since the start.
func (s *Store) removedInAll() (n int) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for _, sum := range s.removed.sinceStart {
		n += sum.uploads
	}
	return n
}

// services returns the services that have uploads.
func (s *Store) services() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Keys(s.usage))
}

// asideAge is how long damaged uploads stay aside.
const asideAge = 30 * 24 * time.Hour

// sweepAside removes what was set aside long ago.
func (s *Store) sweepAside() {
	entries, err := os.ReadDir(filepath.Join(s.dir, damagedDir))
	if err != nil {
		return // there is none, or the next round removes them
	}
	for _, e := range entries {
		id, ours := parseBlobID(e.Name())
		if info, err := e.Info(); ours && err == nil && s.opts.Now().Sub(info.ModTime()) > asideAge {
			_ = os.Remove(s.asidePath(id)) // the next round tries again
		}
	}
}

// count adds an upload to what the store has. The caller holds mu.
func (s *Store) count(u *upload) {
	s.total.add(amount{1, u.bytes})
	s.ofClass[u.class].add(amount{1, u.bytes})
	of := s.usage[u.service]
	if of == nil {
		of = new([classes]amount)
		s.usage[u.service] = of
	}
	of[u.class].add(amount{1, u.bytes})
}

// uncount makes an upload that is gone from the disk gone from searches. It is false
// if it was before.
func (s *Store) uncount(u *upload) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	removed := s.removedFrom(u.id.dir())
	if removed == nil || !removed.add(u.id.slot()) {
		return false
	}
	removed.left--
	s.total.sub(amount{1, u.bytes})
	s.ofClass[u.class].sub(amount{1, u.bytes})
	of := s.usage[u.service]
	if of[u.class].sub(amount{1, u.bytes}); *of == [classes]amount{} {
		delete(s.usage, u.service)
	}
	return true
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
