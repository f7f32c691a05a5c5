package dump

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/lock"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// clean ends what dead owners left incomplete: unfinished files, events without
// files, removals that were cut short. What cannot be removed is left to
// retention. The directory is locked.
func (s *Store) clean(root disk.Dir) error {
	found, err := scan.All(root)
	if err != nil {
		return err
	}
	r := &retention{store: s, root: root, found: found}
	r.finish()
	alive := s.owner.Liveness(root).Alive
	for _, ev := range found.Events {
		if !ev.Sealed && s.open[ev.ID] == nil && !alive(ev.Owner) {
			_, _ = cleanEvent(root, ev) // or Adopt does
		}
	}
	return s.grant(r.count(), demand{})
}

// cleanEvent gives the unfinished files of an event their names if they are whole,
// and removes the others, or the event when it has no files then. It reports whether
// it has some.
func cleanEvent(root disk.Dir, ev *scan.Event) (hasFiles bool, err error) {
	dir, err := root.Sub(ev.ID)
	if err != nil {
		return true, err
	}
	defer dir.Close()
	if len(ev.Temps) > 0 {
		sums, _ := checksum.Read(dir) // damage is for Reopen to say
		for _, temp := range ev.Temps {
			if name, _ := layout.TempOf(temp); sums.Holds(dir, temp) {
				err = errors.Join(err, dir.Rename(temp, name))
				ev.Files++
			} else {
				err = errors.Join(err, dir.Remove(temp))
			}
		}
	}
	if ev.Files == 0 {
		return false, erase(root, ev.ID)
	}
	return true, err
}

// Orphans are events whose owner is dead, and that this store has taken over.
type Orphans struct {
	// Unfinished events were still being written. [Store.Reopen] opens them
	// again, to be completed or discarded.
	Unfinished []string
	// Waiting events were closed, and wait for a reporter.
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
	noted := s.configured(to)
	err = errors.Join(noted, s.locked(func(root disk.Dir) error {
		o, err = s.adopt(root, to)
		return err
	}))
	if filelock.IgnoreMissing(err) != nil {
		return o, fmt.Errorf("holmes: dump: recover orphans in %s: %w", s.location.Dir, err)
	}
	return o, nil
}

func (s *Store) adopt(root disk.Dir, to []string) (o Orphans, err error) {
	found, err := scan.All(root)
	if err != nil {
		return o, err
	}
	s.unfinished = false
	live := s.owner.Liveness(root)
	needed := map[string]bool{} // tokens that an event still has
	for _, ev := range found.Events {
		took, err := s.adoptEvent(root, live, ev, to)
		switch {
		case filelock.IgnoreMissing(err) != nil:
			s.unfinished = true // it does not keep the others back
		case took && ev.Sealed:
			o.Waiting = append(o.Waiting, ev.ID)
		case took:
			o.Unfinished = append(o.Unfinished, ev.ID)
		case !ev.Sealed || ev.Waiting():
			needed[ev.Owner] = true
		}
	}
	for _, token := range found.Owners {
		if !needed[token] && !live.Alive(token) {
			_ = root.Remove(layout.OwnerLock(token))
		}
	}
	return o, nil
}

// adoptEvent takes one event over if that is due, and reports whether it did.
func (s *Store) adoptEvent(root disk.Dir, live lock.Liveness, ev *scan.Event, to []string) (took bool, err error) {
	ours := ev.Owner == s.owner.Token
	switch {
	case s.open[ev.ID] != nil, s.leases[ev.ID] > 0, ev.Damaged:
		return false, nil
	case !ours && live.Alive(ev.Owner), ours && ev.Sealed:
		return false, nil
	case ev.Sealed && !slices.ContainsFunc(to, func(name string) bool { return s.waitsFor(ev, name) }):
		return false, nil
	}
	if !ev.Sealed {
		if hasFiles, err := cleanEvent(root, ev); err != nil || !hasFiles {
			return false, err
		}
	}
	if err := s.owner.Claim(root); err != nil {
		return false, err
	}
	dir, err := root.Sub(ev.ID)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return true, s.owner.Own(dir, ev.Owner)
}

// Orphaned reports whether there may be something to adopt, for some system
// calls: whether an owner died and left its lock, or an event of this store
// could not be closed as it should.
func (s *Store) Orphaned() bool {
	s.mu.Lock()
	unfinished := s.unfinished
	s.mu.Unlock()
	if unfinished {
		return true
	}
	found := false
	_ = s.locked(func(root disk.Dir) error { // an error is left to the next call
		names, err := scan.List(root)
		live := s.owner.Liveness(root)
		for _, token := range names.Owners {
			found = found || !live.Alive(token)
		}
		return err
	})
	return found
}

// Disown gives up an adopted event that no reporter of this process is to get,
// so that another process may adopt it.
func (s *Store) Disown(id string) error {
	err := s.locked(func(root disk.Dir) error {
		dir, err := root.Sub(id)
		if err != nil {
			return err
		}
		defer dir.Close()
		return dir.Remove(layout.OwnerPrefix + s.owner.Token)
	})
	if filelock.IgnoreMissing(err) != nil {
		return fmt.Errorf("holmes: dump: disown %s: %w", id, err)
	}
	return nil
}
