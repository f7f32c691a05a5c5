package dump

import (
	"errors"
	"fmt"
	"io/fs"
)

// clean removes what the dead left half-written: files that were never
// finished, events that have no others, removals that were cut short. What
// cannot be removed is left to retention. The directory is locked.
func (s *Store) clean(root folder) error {
	found, err := root.survey()
	if err != nil {
		return err
	}
	r := &retention{store: s, root: root, found: found}
	r.finish()
	alive := s.roll(root).alive
	for _, ev := range found.events {
		if !ev.sealed && s.open[ev.id] == nil && !alive(ev.owner) {
			_, _ = cleanEvent(root, ev) // else when it is adopted
		}
	}
	return nil
}

// cleanEvent removes what was never finished of an event, or all of it when it
// has no files, and reports whether it has some.
func cleanEvent(root folder, ev event) (hasFiles bool, err error) {
	if ev.files == 0 {
		return false, erase(root, ev.id)
	}
	if len(ev.temps) == 0 {
		return true, nil
	}
	dir, err := root.sub(ev.id)
	if err != nil {
		return true, err
	}
	defer dir.close()
	for _, temp := range ev.temps {
		err = errors.Join(err, dir.remove(temp))
	}
	return true, err
}

// Orphans are events whose owner is dead, and that this store has taken over.
type Orphans struct {
	// Unfinished events were still being written. They are for
	// [Store.Reopen]: somebody has to say what becomes of them.
	Unfinished []string
	// Waiting events were closed, and some reporter has not got them.
	Waiting []string
}

// Adopt takes over the events whose owner is dead: those that are unfinished,
// and those that wait for one of the named reporters. It returns unfinished
// events of this store's own as well, if they could not be closed as they
// should.
//
// An event has one owner at a time. So of all processes that share a directory,
// one adopts it.
func (s *Store) Adopt(to ...string) (o Orphans, err error) {
	err = s.locked(func(root folder) error {
		o, err = s.adopt(root, to)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("holmes: dump: adopt in %s: %w", s.place.dir, err)
	}
	return o, nil
}

func (s *Store) adopt(root folder, to []string) (o Orphans, err error) {
	found, err := root.survey()
	if err != nil {
		return o, err
	}
	s.undone = false
	roll := s.roll(root)
	bears := map[string]bool{} // tokens that an event still has
	for _, ev := range found.events {
		took, err := s.adoptEvent(root, roll, ev, to)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			s.undone = true // the others are not its hostages
		case took && ev.sealed:
			o.Waiting = append(o.Waiting, ev.id)
		case took:
			o.Unfinished = append(o.Unfinished, ev.id)
		case !ev.sealed || ev.waiting():
			bears[ev.owner] = true
		}
	}
	for _, token := range found.owners {
		if !bears[token] && !roll.alive(token) {
			_ = root.remove(ownerLock(token))
		}
	}
	return o, nil
}

// adoptEvent takes one event over if that is due, and reports whether it did.
func (s *Store) adoptEvent(root folder, roll *roll, ev event, to []string) (took bool, err error) {
	ours := ev.owner == s.token
	switch {
	case s.open[ev.id] != nil, s.held[ev.id] > 0, ev.damaged:
		return false, nil
	case !ours && roll.alive(ev.owner), ours && ev.sealed:
		return false, nil
	case ev.sealed && !s.waitsForAny(ev, to):
		return false, nil
	}
	if !ev.sealed {
		if hasFiles, err := cleanEvent(root, ev); err != nil || !hasFiles {
			return false, err
		}
	}
	if err := s.claim(root); err != nil {
		return false, err
	}
	dir, err := root.sub(ev.id)
	if err != nil {
		return false, err
	}
	defer dir.close()
	return true, s.own(dir, ev.owner)
}

func (s *Store) waitsForAny(ev event, to []string) bool {
	for _, name := range to {
		if s.waitsFor(ev, name) {
			return true
		}
	}
	return false
}

// Orphaned reports whether there may be something to adopt, for some system
// calls: whether an owner died and left its lock, or an event of this store
// could not be closed as it should.
func (s *Store) Orphaned() bool {
	s.mu.Lock()
	undone := s.undone
	s.mu.Unlock()
	if undone {
		return true
	}
	found := false
	_ = s.locked(func(root folder) error { // what cannot be seen is seen next time
		names, err := list(root)
		roll := s.roll(root)
		for _, token := range names.owners {
			found = found || !roll.alive(token)
		}
		return err
	})
	return found
}

// Disown gives up an adopted event that no reporter of this process is to get,
// so that another process may adopt it.
func (s *Store) Disown(id string) error {
	err := s.locked(func(root folder) error {
		dir, err := root.sub(id)
		if err != nil {
			return err
		}
		defer dir.close()
		return dir.remove(ownerPrefix + s.token)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: dump: disown %s: %w", id, err)
	}
	return nil
}
