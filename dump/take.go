package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
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
	err = s.locked(func(root folder) error {
		if s.open[id] != nil {
			return ErrOpen
		}
		ev, err := root.look(id)
		switch {
		case err != nil:
			return err
		case ev.damaged:
			return ErrDamaged
		case ev.owner != s.token || !s.waitsFor(ev, to):
			return ErrTaken
		}
		err = s.claim(root)
		if err == nil {
			s.held[id]++
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = s.whyGone(id)
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: take %s: %w", id, err)
	}
	return func() { s.letGo(id) }, nil
}

func (s *Store) letGo(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[id]--; s.held[id] == 0 {
		delete(s.held, id)
	}
}

// waitsFor reports whether an event waits for a reporter. The store's lock is
// held.
func (s *Store) waitsFor(ev event, to string) bool {
	if _, done := s.owed[mark{ev.id, to}]; done || !ev.waiting() {
		return false
	}
	for _, who := range ev.waits {
		if who == slug(to) {
			return true
		}
	}
	return false
}

// Waits reports whether an event waits for a reporter, whoever owns it. It
// waits for nobody itself.
func (s *Store) Waits(id, to string) (bool, error) {
	s.mu.Lock()
	_, done := s.owed[mark{id, to}]
	s.mu.Unlock()
	if done {
		return false, nil
	}
	err := s.sees(id, waitPrefix+slug(to))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("holmes: dump: look at %s: %w", id, err)
	}
	return err == nil, nil
}

// sees returns nil if the event has a file of that name.
func (s *Store) sees(id, name string) error {
	root, err := s.place.open()
	if err != nil {
		return err
	}
	defer root.close()
	dir, err := root.sub(id)
	if err != nil {
		return err
	}
	defer dir.close()
	_, err = dir.stat(name)
	return err
}

// Waiting returns the events of this store that wait for a reporter, oldest
// first.
func (s *Store) Waiting(to string) (ids []string, err error) {
	err = s.locked(func(root folder) error {
		found, err := root.survey()
		for _, ev := range found.events {
			if ev.owner == s.token && s.open[ev.id] == nil && s.waitsFor(ev, to) {
				ids = append(ids, ev.id)
			}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: look for what waits in %s: %w", s.place.dir, err)
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

func (s *Store) whyGone(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.lost[id]; why != nil {
		return why
	}
	return ErrGone
}

// Check reads all files of a closed event and compares them with what was
// written. If they differ it sets the event aside, with the reason, and fails
// with [ErrDamaged]. Other errors are of the disk and say nothing of the event.
func (s *Store) Check(id string) error {
	err := s.check(id)
	if errors.Is(err, ErrDamaged) {
		reason := strings.TrimPrefix(err.Error(), ErrDamaged.Error()+": ")
		err = errors.Join(err, ignoreMissing(s.setAside(id, reason)))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = s.whyGone(id)
	}
	if err != nil {
		return fmt.Errorf("holmes: dump: check %s: %w", id, err)
	}
	return nil
}

func (s *Store) check(id string) error {
	root, err := s.place.open()
	if err != nil {
		return err
	}
	defer root.close()
	dir, err := root.sub(id)
	if err != nil {
		return err
	}
	defer dir.close()
	sums, err := readSums(dir)
	if err == nil {
		_, err = sums.verify(dir)
	}
	if errors.Is(err, ErrDamaged) {
		// Files that are missing may be missing because the event was removed.
		if _, gone := root.stat(id); errors.Is(gone, fs.ErrNotExist) {
			return gone
		}
	}
	return err
}
