package dump

import (
	"errors"
	"io/fs"
	"os"
)

// keptDisposable is how many disposable events are kept while their space is
// not wanted, for whoever asks about a short spike.
const keptDisposable = 5

// An event is one that this store does not have open, as a scan found it.
type event struct {
	id         string
	bytes      int64
	disposable bool
}

// A demand is what has to fit beside all that is there.
type demand struct {
	events int
	bytes  int64
	modest bool // content with what is free: no event is removed for it
}

// makeRoom removes events until the demand fits, and the disposable ones that
// are too many in any case. The store's lock is held.
func (s *Store) makeRoom(root *os.Root, d demand) error {
	events, err := s.scan(root)
	if err != nil {
		return err
	}
	count := len(events) + len(s.open)
	fits := func() bool {
		return count+d.events <= s.limits.MaxEvents && s.used()+d.bytes <= s.limits.MaxBytes
	}
	victims, surplus := order(events)
	var errs []error
	for i, ev := range victims {
		if i >= surplus && (d.modest || fits()) {
			break
		}
		if err := remove(root, ev.id); err != nil {
			errs = append(errs, err)
			continue
		}
		count--
		s.settled -= ev.bytes
	}
	if fits() {
		return nil // what could not be removed is tried again next time
	}
	return errors.Join(append([]error{s.exhausted()}, errs...)...)
}

// order returns the events in the order in which they go, and how many of them
// go even if nobody wants their space.
func order(events []event) (victims []event, surplus int) {
	var rest []event
	for _, ev := range events {
		if ev.disposable {
			victims = append(victims, ev)
		} else {
			rest = append(rest, ev)
		}
	}
	surplus = max(0, len(victims)-keptDisposable)
	return append(victims, rest...), surplus
}

// remove removes an event that nobody has open.
func remove(root *os.Root, id string) error {
	held, err := takeLock(root, id)
	if err != nil {
		return err
	}
	return errors.Join(erase(root, id), held.drop(root))
}

// scan returns the events that are not open here, oldest first, and takes stock
// of their bytes. It finishes removals that were cut short. The store's lock is
// held.
func (s *Store) scan(root *os.Root) ([]event, error) {
	found, err := list(root)
	if err != nil {
		return nil, err
	}
	s.settled = 0
	for _, id := range found.gone {
		if root.RemoveAll(goneName(id)) != nil {
			s.settled += weigh(root, goneName(id)).bytes
		}
	}
	events := make([]event, 0, len(found.events))
	for _, id := range found.events {
		if s.open[id] != nil {
			continue
		}
		ev := weigh(root, id)
		s.settled += ev.bytes
		events = append(events, ev)
	}
	return events, nil
}

// weigh looks into the directory of an event. What it cannot read counts as
// nothing: a file that disappears meanwhile is no reason to keep the others.
func weigh(root *os.Root, name string) event {
	ev := event{id: name}
	files, _ := fs.ReadDir(root.FS(), name)
	for _, file := range files {
		if file.Name() == disposableName {
			ev.disposable = true
		}
		if info, err := file.Info(); err == nil && info.Mode().IsRegular() {
			ev.bytes += info.Size()
		}
	}
	return ev
}
