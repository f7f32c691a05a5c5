package dump

import (
	"errors"
	"math"
	"slices"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

// complete brings the event into its last form, but for the name that says so. No
// writer is left.
func (e *Entry) complete(c Class) error {
	entries, err := e.dir.List()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if layout.IsTemp(entry.Name()) { // one that could not be removed when it failed
			if err := e.dir.Remove(entry.Name()); err != nil {
				return err
			}
		}
	}
	if c.Disposable {
		if err := errors.Join(address(e.dir, nil), e.dir.Touch(layout.DisposableName)); err != nil {
			return err
		}
	}
	if c.Routine {
		if err := e.dir.Touch(layout.RoutineName); err != nil {
			return err
		}
	}
	if math.IsNaN(c.Height) || math.IsInf(c.Height, 0) {
		c.Height = 0
	}
	return e.writeSums(c)
}

// writeSums writes all checksums and the last line, in the room that is
// reserved for it.
func (e *Entry) writeSums(c Class) error {
	seal := checksum.Seal{Series: c.Series, Height: c.Height, Kind: c.Kind}
	raw := slices.Concat(e.sums, []byte(seal.Line(e.lines)))
	return withSums(e.dir, 0, func(f *disk.File) error {
		if err := e.reserveSums(f, int64(len(raw))); err != nil {
			return err
		}
		if _, err := f.Write(raw); err != nil {
			return err
		}
		if err := f.Truncate(int64(len(raw))); err != nil {
			return err
		}
		return f.Sync()
	})
}

// reserveSums makes sure of the room. Only a failed write leaves less.
func (e *Entry) reserveSums(f *disk.File, size int64) error {
	has, err := f.Size()
	if err != nil || has >= size {
		return err
	}
	return e.store.locked(func(root disk.Dir) error {
		if err := e.store.makeRoom(root, demand{bytes: size - has, by: e}); err != nil {
			return err
		}
		return f.Truncate(size)
	})
}

// settle moves e from the open events to those that retention may remove, and
// seals it unless its completion failed.
func (s *Store) settle(e *Entry, c Class, complete bool) error {
	err := s.locked(func(root disk.Dir) error {
		delete(s.open, e.id)
		if complete {
			if err := e.dir.Rename(layout.SumsName, layout.SealName); err != nil {
				s.unfinished = true
				return err
			}
		}
		if c.Disposable || !s.fits(root, demand{}) {
			return s.tidy(root)
		}
		return nil
	})
	s.forget(e, !complete)
	return errors.Join(err, e.dir.Sync())
}

// forget removes e from the open events, unless that was done with the directory
// locked.
func (s *Store) forget(e *Entry, unfinished bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[e.id] == e {
		delete(s.open, e.id)
		unfinished = true
	}
	s.unfinished = s.unfinished || unfinished
}

// discard removes the event of e, unless its name now is that of another
// directory.
func (s *Store) discard(e *Entry) error {
	err := s.locked(func(root disk.Dir) error {
		delete(s.open, e.id)
		if info, err := e.dir.Stat("."); err == nil && filelock.IsNamed(root.Root, e.id, info) {
			return erase(root, e.id)
		}
		return nil
	})
	s.forget(e, err != nil)
	return filelock.IgnoreMissing(err)
}
