package dump

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"slices"
)

// complete brings the event into its last form, but for the name that says so.
// Nobody writes to it any more.
func (e *Entry) complete(c Class) error {
	entries, err := e.dir.list()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if isTemp(entry.Name()) { // one that could not be removed when it failed
			if err := e.dir.remove(entry.Name()); err != nil {
				return err
			}
		}
	}
	if c.Disposable {
		if err := errors.Join(address(e.dir, nil), e.dir.touch(disposableName)); err != nil {
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
func (e *Entry) writeSums(c Class) (err error) {
	raw := slices.Concat(e.sums, []byte(c.sealLine(e.lines)))
	f, err := e.dir.open(sumsName, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := e.reserveSums(f, int64(len(raw))); err != nil {
		return err
	}
	if _, err := f.Write(raw); err != nil {
		return err
	}
	if err := f.truncate(int64(len(raw))); err != nil {
		return err
	}
	return f.sync()
}

// reserveSums makes sure of the room. It is there, unless a write failed.
func (e *Entry) reserveSums(f *file, size int64) error {
	info, err := f.os.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	return e.store.locked(func(root folder) error {
		if err := e.store.makeRoom(root, demand{bytes: size - info.Size(), by: e}); err != nil {
			return err
		}
		return f.truncate(size)
	})
}

// settle takes e from the open events to those that retention may remove, and
// seals it unless its completion failed.
func (s *Store) settle(e *Entry, c Class, complete bool) error {
	err := s.locked(func(root folder) error {
		delete(s.open, e.id)
		if complete {
			if err := e.dir.rename(sumsName, sealName); err != nil {
				s.undone = true
				return err
			}
		}
		if c.Disposable || !s.fits(root, demand{}) {
			return s.tidy(root)
		}
		return nil
	})
	s.forget(e, !complete)
	return errors.Join(err, e.dir.sync())
}

// tidy removes what is too much and too old. The directory is locked.
func (s *Store) tidy(root folder) error {
	err := s.retain(root, demand{})
	if errors.Is(err, ErrBudget) {
		return nil // others have it all open; the next event will be told
	}
	return err
}

// forget makes e one of the events that are not open here, if it was not done
// with the directory locked.
func (s *Store) forget(e *Entry, undone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[e.id] == e {
		delete(s.open, e.id)
		undone = true
	}
	s.undone = s.undone || undone
}

// discard removes the event of e. Where its name has come to stand for
// something else, that is left alone.
func (s *Store) discard(e *Entry) error {
	err := s.locked(func(root folder) error {
		delete(s.open, e.id)
		if info, err := e.dir.stat("."); isSame(root.root, e.id, info, err) {
			return erase(root, e.id)
		}
		return nil
	})
	s.forget(e, err != nil)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // the directory is gone, as was asked
	}
	return err
}
