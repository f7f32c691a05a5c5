package files

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// The buckets of the index.
const (
	segmentsBucket = "segments" // number of the directory -> segment
	keysBucket     = "keys"     // key of an upload -> id
	aboutBucket    = "about"    // the index itself
	inodeKey       = "inode"    // in about: the file's number when it was made
)

// A sealed is a segment in the index, with the values that are needed without
// reading it.
type sealed struct {
	dir         uint64
	first, last int64     // times of its rows
	blobs       int       // that have rows in it
	gone        *removals // blobs that were removed since it was written
	version     uint64    // differs from that of the same directory as it was written before
}

// pack puts the number of blobs, their bytes, and whether the directory was full
// into a segment's extra. A directory that was not full may have grown since.
func pack(blobs int, bytes int64, full bool) uint64 {
	extra := uint64(bytes)<<(slotBits+2) | uint64(blobs)<<1
	if full {
		extra |= 1
	}
	return extra
}

func unpack(extra uint64) (blobs int, bytes int64, full bool) {
	return int(extra >> 1 % (2 * slots)), int64(extra >> (slotBits + 2)), extra&1 == 1
}

func dirKey(dir uint64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(dir)) }

// sealFull seals the segments of full directories. After a failure they are
// searched in memory, and the next upload tries again.
func (s *Store) sealFull() {
	for _, open := range s.takeFull() {
		if err := s.seal(open); err != nil {
			s.opts.Log.Sugar().Warnf("write the index: %v", err)
		}
	}
}

// takeFull returns the full segments that are not being sealed yet.
func (s *Store) takeFull() []*openSegment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var full []*openSegment
	for dir, open := range s.filling {
		if dir < s.next>>slotBits && open.pending == 0 && !open.sealing {
			open.sealing = true
			full = append(full, open)
		}
	}
	return full
}

// sealAll seals all segments, full or not. The store is not used meanwhile.
func (s *Store) sealAll() {
	for _, open := range s.filling {
		if err := s.seal(open); err != nil {
			s.opts.Log.Sugar().Warnf("write the index, which the next start rebuilds from the files: %v", err)
		}
	}
}

// seal moves a segment from memory to the index. No rows are added to it any more.
func (s *Store) seal(open *openSegment) error {
	s.mu.RLock()
	full := open.dir < s.next>>slotBits
	s.mu.RUnlock()
	raw := segment.Build(open.rows, pack(open.blobs, open.bytes, full))
	err := s.write(func(tx *bbolt.Tx) error {
		return put(tx, open, raw)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	open.sealing = false
	if err != nil {
		return fmt.Errorf("holmes: seal: %w", err)
	}
	delete(s.filling, open.dir)
	for key, id := range open.keys {
		if s.keys[key] == id {
			delete(s.keys, key)
		}
	}
	s.addSealed(open.dir, raw, open.gone)
	return nil
}

func put(tx *bbolt.Tx, open *openSegment, raw []byte) error {
	if err := tx.Bucket([]byte(segmentsBucket)).Put(dirKey(open.dir), raw); err != nil {
		return err
	}
	for key, id := range open.keys {
		if err := tx.Bucket([]byte(keysBucket)).Put([]byte(key), []byte(id.String())); err != nil {
			return err
		}
	}
	return nil
}

// addSealed makes a segment known. The caller holds mu.
func (s *Store) addSealed(dir uint64, raw []byte, gone *removals) {
	seg, err := segment.Open(raw)
	if err != nil {
		return // it was built or verified just now
	}
	s.versions++
	sl := sealed{dir: dir, gone: gone, version: s.versions}
	sl.first, sl.last = seg.Span()
	sl.blobs, _, _ = unpack(seg.Extra())
	s.sealed = slices.Clone(s.sealed) // a view may have the old slice
	if at, known := slices.BinarySearchFunc(s.sealed, dir, byDir); known {
		s.sealed[at] = sl
	} else {
		s.sealed = slices.Insert(s.sealed, at, sl)
	}
}

func byDir(a sealed, dir uint64) int { return cmp.Compare(a.dir, dir) }

// sealedDir returns what is known of a sealed directory, or nil. The caller holds mu.
func (s *Store) sealedDir(dir uint64) *sealed {
	if at, known := slices.BinarySearchFunc(s.sealed, dir, byDir); known {
		return &s.sealed[at]
	}
	return nil
}
