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

// A sealed shelf, and what is worth knowing without looking into its segment.
type sealed struct {
	dir         uint64
	first, last int64 // times of its rows
	blobs       int
	bytes       int64 // of the blobs
}

// pack puts the number of blobs, their bytes, and whether the shelf was full into
// a segment's extra. One that was not may have been added to since.
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

// sealFull seals the shelves that are full. Failing is no harm yet: they are
// searched in memory, and tried again at the next upload.
func (s *Store) sealFull() {
	for _, sh := range s.takeFull() {
		if err := s.seal(sh); err != nil {
			s.opts.Log.Sugar().Warnf("write the index: %v", err)
		}
	}
}

// takeFull returns the full shelves that nobody else is sealing.
func (s *Store) takeFull() []*shelf {
	s.mu.Lock()
	defer s.mu.Unlock()
	var full []*shelf
	for dir, sh := range s.shelves {
		if dir < s.next>>slotBits && sh.pending == 0 && !sh.sealing {
			sh.sealing = true
			full = append(full, sh)
		}
	}
	return full
}

// sealAll seals all shelves, full or not. Nobody else uses the store.
func (s *Store) sealAll() {
	for _, sh := range s.shelves {
		if err := s.seal(sh); err != nil {
			s.opts.Log.Sugar().Warnf("write the index, which the next start makes of the files instead: %v", err)
		}
	}
}

// seal writes a shelf to the index, and moves it from memory there. Nothing is
// added to it any more.
func (s *Store) seal(sh *shelf) error {
	s.mu.RLock()
	full := sh.dir < s.next>>slotBits
	s.mu.RUnlock()
	raw := segment.Build(sh.rows, pack(sh.blobs, sh.bytes, full))
	err := s.write(func(tx *bbolt.Tx) error {
		return put(tx, sh, raw)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.sealing = false
	if err != nil {
		return fmt.Errorf("holmes: seal: %w", err)
	}
	delete(s.shelves, sh.dir)
	for key, id := range sh.keys {
		if s.keys[key] == id {
			delete(s.keys, key)
		}
	}
	s.addSealed(sh.dir, raw)
	return nil
}

func put(tx *bbolt.Tx, sh *shelf, raw []byte) error {
	if err := tx.Bucket([]byte(segmentsBucket)).Put(dirKey(sh.dir), raw); err != nil {
		return err
	}
	for key, id := range sh.keys {
		if err := tx.Bucket([]byte(keysBucket)).Put([]byte(key), []byte(id.String())); err != nil {
			return err
		}
	}
	return nil
}

// addSealed makes a segment known. The caller holds mu.
func (s *Store) addSealed(dir uint64, raw []byte) {
	seg, err := segment.Open(raw)
	if err != nil {
		return // it was built or verified just now
	}
	sl := sealed{dir: dir}
	sl.first, sl.last = seg.Span()
	sl.blobs, sl.bytes, _ = unpack(seg.Extra())
	at, _ := slices.BinarySearchFunc(s.sealed, dir, func(a sealed, dir uint64) int { return cmp.Compare(a.dir, dir) })
	s.sealed = slices.Insert(slices.Clone(s.sealed), at, sl) // a view holds on to the old one
}
