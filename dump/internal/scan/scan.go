// Package scan finds the events in a directory and counts their bytes.
package scan

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

// An Event is what the directory of an event says.
type Event struct {
	ID         string
	Bytes      int64  // of all its files
	Owner      string // token of the process that makes or delivers it, "" if none
	Sealed     bool   // closed
	Disposable bool
	Routine    bool
	Damaged    bool
	Latest     string   // slug of what it is the latest of, "" if of nothing
	Waits      []string // slugs of the reporters that have not got it
	Files      int      // that are not the store's own
	Temps      []string // unfinished files
}

// Waiting reports whether a reporter is still to get the event.
func (ev *Event) Waiting() bool { return len(ev.Waits) > 0 && !ev.Damaged && !ev.Disposable }

// WaitsFor reports whether the reporter of that slug is still to get the event.
func (ev *Event) WaitsFor(slug string) bool {
	return ev.Waiting() && slices.Contains(ev.Waits, slug)
}

// A Result is the content of a directory. It is exact while the directory is
// locked: files grow and change their names under that lock only, and bytes that
// are still to be written are reserved in the size of a file.
type Result struct {
	Events    []*Event // oldest first
	Gone      []string // as in Names
	Owners    []string // as in Names
	Reporters []string // as in Names
	Bytes     int64    // of all files of all events, removed ones and the directory lock included
}

// Beside returns the bytes of the files in a directory beside the events.
func Beside(d disk.Dir, name string) (int64, error) {
	found, err := One(d, name)
	return found.Bytes, filelock.IgnoreMissing(err)
}

// All scans a directory. It fails rather than leave out an event that it cannot
// read.
func All(d disk.Dir) (*Result, error) {
	names, err := List(d)
	if err != nil {
		return &Result{}, err
	}
	r := &Result{Events: make([]*Event, 0, len(names.Events)), Gone: names.Gone, Owners: names.Owners, Reporters: names.Reporters, Bytes: layout.RecordLength}
	for _, id := range names.Gone {
		ev, err := One(d, layout.GoneName(id))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
		r.Bytes += ev.Bytes
	}
	for _, id := range names.Events {
		ev, err := One(d, id)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return r, err
		}
		r.Bytes += ev.Bytes
		r.Events = append(r.Events, ev)
	}
	return r, nil
}

// BytesOf returns the bytes of the event with that id, 0 if there is none.
func (r *Result) BytesOf(id string) int64 {
	for _, ev := range r.Events {
		if ev.ID == id {
			return ev.Bytes
		}
	}
	return 0
}

// maxLooks bounds how often One meets the rename of a file. Once is rare.
const maxLooks = 10

// One scans the directory of an event. It looks again if a file got another name
// meanwhile: otherwise its bytes would be missing.
func One(d disk.Dir, id string) (ev *Event, err error) {
	dir, err := d.Sub(id)
	if err != nil {
		return &Event{ID: id}, err
	}
	defer dir.Close()
	moved := true
	for looks := 0; moved && err == nil && looks < maxLooks; looks++ {
		ev, moved, err = look(dir, id)
	}
	return ev, err
}

// look scans once, and reports whether a file had another name when it was looked at.
func look(dir disk.Dir, id string) (ev *Event, moved bool, err error) {
	ev = &Event{ID: id}
	entries, err := dir.List()
	if err != nil {
		return ev, false, err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		if ev.note(entry.Name()); isEmpty(entry.Name()) {
			continue
		}
		info, err := dir.Stat(entry.Name())
		switch {
		case err == nil:
			ev.Bytes += info.Size()
		case errors.Is(err, fs.ErrNotExist):
			moved = true
		default:
			return ev, moved, err
		}
	}
	return ev, moved, nil
}

// note records what the name of a file says.
func (ev *Event) note(name string) {
	switch name {
	case layout.SealName:
		ev.Sealed = true
		return
	case layout.DisposableName:
		ev.Disposable = true
		return
	case layout.RoutineName:
		ev.Routine = true
		return
	case layout.DamagedName:
		ev.Damaged = true
		return
	}
	if token, ok := strings.CutPrefix(name, layout.OwnerPrefix); ok && layout.IsToken(token) {
		ev.Owner = token
	}
	if of, ok := strings.CutPrefix(name, layout.LatestPrefix); ok {
		ev.Latest = of
	}
	if to, ok := strings.CutPrefix(name, layout.WaitPrefix); ok {
		ev.Waits = append(ev.Waits, to)
	}
	if layout.IsTemp(name) {
		ev.Temps = append(ev.Temps, name)
	}
	if layout.CheckName(name) == nil {
		ev.Files++
	}
}

// isEmpty reports whether the file of that name has no content.
func isEmpty(name string) bool {
	return name == layout.DisposableName || name == layout.RoutineName || strings.HasPrefix(name, layout.OwnerPrefix) ||
		strings.HasPrefix(name, layout.LatestPrefix) || strings.HasPrefix(name, layout.WaitPrefix) ||
		strings.HasPrefix(name, layout.SentPrefix)
}

// Names are the names in a directory that are the store's.
type Names struct {
	Events    []string // ids, oldest first
	Gone      []string // ids of events whose removal was cut short
	Owners    []string // tokens that have a lock file, held or left by a dead process
	Reporters []string // slugs of reporters that are or were configured
}

// List reads the names and nothing else.
func List(d disk.Dir) (Names, error) {
	entries, err := d.List()
	if err != nil {
		return Names{}, err
	}
	var found Names
	for _, entry := range entries {
		name := entry.Name()
		if token, ok := layout.OwnerOf(name); ok && entry.Type().IsRegular() {
			found.Owners = append(found.Owners, token)
		}
		if slug, ok := strings.CutPrefix(name, layout.ReporterPrefix); ok && entry.Type().IsRegular() {
			found.Reporters = append(found.Reporters, slug)
		}
		if !entry.IsDir() {
			continue
		}
		if layout.CheckID(name) == nil {
			found.Events = append(found.Events, name)
		}
		if id, ok := layout.EventOf(name); ok {
			found.Gone = append(found.Gone, id)
		}
	}
	return found, nil
}
