package files

import (
	"os"
	"path/filepath"
	"sync/atomic"
)

// A slotSet is a set of slots of one directory. It may be used at the same time by
// searches and by the goroutine that removes uploads.
type slotSet [slots / 64]atomic.Uint64

func (b *slotSet) has(slot int) bool { return b[slot/64].Load()>>(slot%64)&1 == 1 }

// add reports whether the slot was not in the set before.
func (b *slotSet) add(slot int) bool {
	bit := uint64(1) << (slot % 64)
	return b[slot/64].Or(bit)&bit == 0
}

// Removals are the slots of a directory whose blobs were removed, and how many are
// left.
type removals struct {
	slotSet
	left  int // guarded by the store's mu
	added atomic.Int64
}

// add reports whether the slot was not in the set before.
func (r *removals) add(slot int) bool {
	isNew := r.slotSet.add(slot)
	if isNew {
		r.added.Add(1)
	}
	return isNew
}

// present returns the tags of the blobs that a directory has, plus one, by slot. The
// files are the truth about what is there: a removal costs the index nothing.
func (s *Store) present(dir uint64) (*[slots]uint64, error) {
	f, err := os.Open(filepath.Join(s.dir, blobsDir, dirName(dir)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	tags := new([slots]uint64)
	for _, name := range names {
		if id, ok := parseBlobID(name); ok && id.dir() == dir {
			tags[id.slot()] = id.tag + 1
		}
	}
	return tags, nil
}

// missing returns the slots of a segment's rows whose blobs are not there any more.
func missing(src *source, tags *[slots]uint64) *removals {
	gone := new(removals)
	for i := range src.len() {
		if id, _ := fromRef(src.dir, src.ref(i)); tags[id.slot()] != id.tag+1 {
			gone.add(id.slot())
		}
	}
	return gone
}

// removedFrom returns the removals of a directory, or nil if the store does not
// know the directory. The caller holds mu.
func (s *Store) removedFrom(dir uint64) *removals {
	if open := s.filling[dir]; open != nil {
		return open.gone
	}
	if sl := s.sealedDir(dir); sl != nil {
		return sl.gone
	}
	return nil
}

// has reports whether a blob is there. The caller holds mu.
func (s *Store) has(id blobID) bool {
	removed := s.removedFrom(id.dir())
	return removed != nil && !removed.has(id.slot())
}

func (s *Store) there(id blobID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.has(id)
}
