package dump

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/lock"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// locked runs f with the directory locked against all other stores and
// processes. Every step that makes the store larger, renames an event or removes
// it runs in it.
func (s *Store) locked(f func(root disk.Dir) error) error { return s.lockedIn(s.location.Open, f) }

func (s *Store) lockedIn(open func() (disk.Dir, error), f func(root disk.Dir) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	root, err := open()
	if err != nil {
		return err
	}
	defer root.Close()
	held, err := lock.AcquireDirectory(root)
	if err != nil {
		return err
	}
	s.held, s.counted = held, held.Count()
	return errors.Join(f(root), held.Release())
}

// inEvent runs f with the directory of an event open, and without any lock.
func (s *Store) inEvent(id string, f func(root, dir disk.Dir) error) error {
	root, err := s.location.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	dir, err := root.Sub(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	return f(root, dir)
}

// Close gives up what this store owns: events that wait for their delivery stay,
// and the next [Store.Adopt] takes them over, in this process or another. An
// error wraps [ErrOpen] when an event is still open or taken; then nothing is
// given up. A closed store may be used again, and owns its events again unless
// they were adopted meanwhile.
func (s *Store) Close() error {
	s.mu.Lock()
	active := s.owner.Active()
	s.mu.Unlock()
	if !active {
		return nil
	}
	err := s.locked(s.giveUp)
	if !errors.Is(err, ErrOpen) {
		s.mu.Lock()
		defer s.mu.Unlock()
		// It is still active if the directory is gone, or cannot be locked.
		err = filelock.IgnoreMissing(errors.Join(err, s.owner.Drop()))
	}
	if err != nil {
		return fmt.Errorf("holmes: dump: close %s: %w", s.location.Dir, err)
	}
	return nil
}

// giveUp gives up the owner's lock. Its file stays while an event has the owner's
// token: the file shows that there are events to adopt.
func (s *Store) giveUp(root disk.Dir) error {
	if len(s.open)+len(s.leases) > 0 {
		return fmt.Errorf("%w: %d open, %d taken", ErrOpen, len(s.open), len(s.leases))
	}
	found, err := scan.All(root)
	keep := err != nil
	for _, ev := range found.Events {
		keep = keep || ev.Owner == s.owner.Token && (!ev.Sealed || ev.Waiting())
	}
	if keep {
		return errors.Join(err, s.owner.Drop())
	}
	return s.owner.Release(root)
}
