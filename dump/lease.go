package dump

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// maxLost bounds how many removed events are remembered until their reporters
// ask for them.
const maxLost = 1000

// Take takes an event of this store to deliver it to a reporter. Until release
// is called, retention leaves the event alone; that of other processes removes
// it last of all.
//
// It fails with [ErrTaken], [ErrEvicted], [ErrExpired], [ErrGone] or
// [ErrDamaged] when there is nothing to deliver and never will be, with
// [ErrOpen] while the event is being written, and with the system's error
// while that cannot be found out.
func (s *Store) Take(id, to string) (release func(), err error) {
	err = s.locked(func(root disk.Dir) error {
		ev, err := s.ownEvent(root, id)
		if err != nil {
			return err
		}
		if !s.waitsFor(ev, to) {
			return ErrTaken
		}
		if err = s.owner.Claim(root); err == nil {
			s.leases[id]++
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: lease %s: %w", id, s.whyMissing(id, err))
	}
	return func() { s.endLease(id) }, nil
}

// ownEvent returns an event that this store owns and that is neither open nor
// damaged. The directory is locked.
func (s *Store) ownEvent(root disk.Dir, id string) (*scan.Event, error) {
	if s.open[id] != nil {
		return nil, ErrOpen
	}
	ev, err := scan.One(root, id)
	switch {
	case err != nil:
		return ev, err
	case ev.Damaged:
		return ev, ErrDamaged
	case ev.Owner != s.owner.Token:
		return ev, ErrTaken
	}
	return ev, nil
}

func (s *Store) endLease(id string) {
	s.mu.Lock()
	if s.leases[id]--; s.leases[id] == 0 {
		delete(s.leases, id)
	}
	s.mu.Unlock()
}

// waitsFor reports whether an event waits for a reporter. The store's lock is
// held.
func (s *Store) waitsFor(ev *scan.Event, to string) bool {
	_, done := s.unsaved[ack{ev.ID, to}]
	return !done && ev.WaitsFor(layout.Slug(to))
}

// Waits reports whether an event waits for a reporter, whichever process owns it.
// It takes no lock of the directory.
func (s *Store) Waits(id, to string) (bool, error) {
	s.mu.Lock()
	_, done := s.unsaved[ack{id, to}]
	s.mu.Unlock()
	if done {
		return false, nil
	}
	err := s.inEvent(id, func(_, dir disk.Dir) error {
		_, err := dir.Stat(layout.WaitPrefix + layout.Slug(to))
		return err
	})
	if filelock.IgnoreMissing(err) != nil {
		return false, fmt.Errorf("holmes: dump: look at %s: %w", id, err)
	}
	return err == nil, nil
}

// Waiting returns the events of this store that wait for a reporter, oldest
// first.
func (s *Store) Waiting(to string) (ids []string, err error) {
	err = s.locked(func(root disk.Dir) error {
		found, err := scan.All(root)
		for _, ev := range found.Events {
			if ev.Owner == s.owner.Token && s.open[ev.ID] == nil && s.waitsFor(ev, to) {
				ids = append(ids, ev.ID)
			}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: look for what waits in %s: %w", s.location.Dir, err)
	}
	return ids, nil
}

// noteLost remembers why an event that was waiting is not there. The store's
// lock is held.
func (s *Store) noteLost(id string, why error) {
	for other := range s.lost {
		if len(s.lost) < maxLost {
			break
		}
		delete(s.lost, other)
	}
	s.lost[id] = why
}

// whyMissing replaces the error of an event that does not exist by the reason.
func (s *Store) whyMissing(id string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	why := s.lost[id]
	s.mu.Unlock()
	return cmp.Or(why, ErrGone)
}

// Check reads all files of a closed event and compares them with what was
// written. If they differ it sets the event aside, with the reason, and fails
// with [ErrDamaged]. Other errors are of the disk and say nothing of the event.
func (s *Store) Check(id string) error {
	err := s.inEvent(id, func(root, dir disk.Dir) error {
		sums, err := checksum.Read(dir)
		if err == nil {
			_, err = sums.Verify(dir)
		}
		if errors.Is(err, ErrDamaged) {
			// Files may be missing because the event was removed.
			if _, gone := root.Stat(id); errors.Is(gone, fs.ErrNotExist) {
				return gone
			}
		}
		return err
	})
	if err := s.whyMissing(id, s.setAside(id, err)); err != nil {
		return fmt.Errorf("holmes: dump: check %s: %w", id, err)
	}
	return nil
}
