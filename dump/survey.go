package dump

import (
	"errors"
	"io/fs"
	"strings"
)

// An event is one as a survey found it.
type event struct {
	id         string
	bytes      int64
	owner      string // token of the process that makes or delivers it, "" if none
	sealed     bool   // nobody writes to it any more
	disposable bool
	damaged    bool
	waits      []string // slugs of the reporters that have not got it
	files      int      // that are not the store's own
	temps      []string // unfinished ones
}

// waiting reports whether a reporter is still to get the event.
func (ev *event) waiting() bool { return len(ev.waits) > 0 && !ev.damaged && !ev.disposable }

// A survey is all that is in the directory. While the directory is locked it is
// exact: whatever grows or changes its name does so under that lock, and what
// is still to be written is reserved in the size of a file.
type survey struct {
	listing
	events []event // oldest first
	bytes  int64   // of all files of all events, removed ones and the lock included
}

// survey counts. It fails rather than to leave out what it cannot read.
func (d folder) survey() (survey, error) {
	found, err := list(d)
	if err != nil {
		return survey{}, err
	}
	s := survey{listing: found, events: make([]event, 0, len(found.events)), bytes: tokenLength}
	for _, id := range found.gone {
		ev, err := d.look(goneName(id))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
		s.bytes += ev.bytes
	}
	for _, id := range found.events {
		ev, err := d.look(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s, err
		}
		s.bytes += ev.bytes
		s.events = append(s.events, ev)
	}
	return s, nil
}

// of returns the event with that id.
func (s *survey) of(id string) (event, bool) {
	for _, ev := range s.events {
		if ev.id == id {
			return ev, true
		}
	}
	return event{}, false
}

// look looks into the directory of an event.
func (d folder) look(id string) (event, error) {
	ev := event{id: id}
	dir, err := d.sub(id)
	if err != nil {
		return ev, err
	}
	defer dir.close()
	entries, err := dir.list()
	if err != nil {
		return ev, err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		if ev.note(entry.Name()); isEmpty(entry.Name()) {
			continue
		}
		info, err := dir.stat(entry.Name())
		switch {
		case err == nil:
			ev.bytes += info.Size()
		case !errors.Is(err, fs.ErrNotExist):
			return ev, err
		}
	}
	return ev, nil
}

// note takes in what the name of a file says.
func (ev *event) note(name string) {
	switch name {
	case sealName:
		ev.sealed = true
		return
	case disposableName:
		ev.disposable = true
		return
	case damagedName:
		ev.damaged = true
		return
	}
	if token, ok := strings.CutPrefix(name, ownerPrefix); ok && checkToken(token) {
		ev.owner = token
	}
	if to, ok := strings.CutPrefix(name, waitPrefix); ok {
		ev.waits = append(ev.waits, to)
	}
	if isTemp(name) {
		ev.temps = append(ev.temps, name)
	}
	if checkName(name) == nil {
		ev.files++
	}
}

// isEmpty reports whether a file is one whose name says it all.
func isEmpty(name string) bool {
	return name == disposableName || strings.HasPrefix(name, ownerPrefix) ||
		strings.HasPrefix(name, waitPrefix) || strings.HasPrefix(name, sentPrefix)
}

// A listing is what in a directory is ours: ids, oldest first.
type listing struct {
	events []string // that are there
	gone   []string // whose removal was cut short
	owners []string // tokens that have a lock, held or left by the dead
}

func list(d folder) (listing, error) {
	entries, err := d.list()
	if err != nil {
		return listing{}, err
	}
	var found listing
	for _, entry := range entries {
		name := entry.Name()
		if token, ok := ownerOf(name); ok && entry.Type().IsRegular() {
			found.owners = append(found.owners, token)
		}
		if !entry.IsDir() {
			continue
		}
		if checkID(name) == nil {
			found.events = append(found.events, name)
		}
		if id, ok := eventOf(name, goneSuffix); ok {
			found.gone = append(found.gone, id)
		}
	}
	return found, nil
}
