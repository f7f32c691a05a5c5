package eventstore

import (
	"errors"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// Finish closes an event for the named reporters. It tries once more to write to disk what
// is in memory. For that it opens a closed event again, and makes the directory of one
// that has none in the store. done is called in the goroutine of the disk, maybe after
// Finish has returned [ErrNoAnswer], with where the event is now and whether all of it
// is there. It returns the reporters that have got the event meanwhile. If the disk does
// not answer, an event that is open is closed when it does. The event belongs to Finish.
func (f *Files) Finish(in *Store, ev *event.Event, to []string, done func(now Files, whole bool) (delivered []string)) error {
	now := *f // the caller may change its own
	f = &now
	op := func(d *dump.Store) error {
		if err := f.open(d, ev.ID, to); err != nil {
			if IsGone(err) {
				done(Files{}, false)
			}
			return err
		}
		err := f.spill(ev)
		if err == nil {
			err = f.entry.Address(to...)
		}
		whole := err == nil
		err = errors.Join(err, f.entry.Close(classOf(ev)))
		for _, name := range done(Files{Store: in}, whole) {
			err = errors.Join(err, d.Delivered(ev.ID, name))
		}
		in.changed.Ring()
		return err
	}
	if f.entry != nil {
		return in.must(f.ctx, op)
	}
	return in.Do(op)
}

// open opens the event's directory, unless it is open. Its event.json counts as out of
// date.
func (f *Files) open(d *dump.Store, id string, to []string) (err error) {
	switch {
	case f.entry != nil:
		return nil
	case f.Store != nil:
		f.entry, err = d.Reopen(id)
	default:
		f.entry, err = d.Create(id, to...)
	}
	f.stale = true
	return err
}

// IsGone reports whether an event is no longer on disk.
func IsGone(err error) bool {
	for _, gone := range []error{dump.ErrEvicted, dump.ErrExpired, dump.ErrGone, dump.ErrTaken} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// spill writes to disk what is only in memory.
func (f *Files) spill(ev *event.Event) error {
	changed := f.stale
	for i := range ev.Profiles {
		p := &ev.Profiles[i]
		content := p.Content()
		if content == nil {
			continue
		}
		file, err := f.entry.Replace(p.File, Content(content))
		if err != nil {
			return err
		}
		p.SetContent(file.Path, nil)
		changed = true
	}
	if !changed {
		return nil
	}
	ev.Dir = f.entry.Path()
	return describe(f.entry, ev)
}
