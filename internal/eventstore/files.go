package eventstore

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// Files is the files of one event: on disk, or in memory if the disk refuses them.
type Files struct {
	Store *dump.Store

	entry  *dump.Entry // nil if the disk refused the event
	memory int         // bytes in memory
	most   int         // that it may have there
	stale  bool        // event.json is missing or out of date
}

// Reopen returns the files of an event that has been closed. Its event.json counts as
// out of date.
func Reopen(store *dump.Store, id string) (Files, error) {
	entry, err := store.Reopen(id)
	return Files{Store: store, entry: entry, stale: true}, err
}

// A Location is where the content of a file is: at a path, or in memory.
type Location struct {
	Path  string
	Data  []byte
	Bytes int64
}

// OnDisk reports whether the event has a directory.
func (f *Files) OnDisk() bool { return f.entry != nil }

// Dir returns the event's directory, empty if the disk refused it.
func (f *Files) Dir() string {
	if f.entry == nil {
		return ""
	}
	return f.entry.Path()
}

// Write stores what fill writes. With replace the file may exist. An error of fill is
// returned as err. An error of the disk is returned as refused: then fill is called
// again, and the content is kept in memory.
func (f *Files) Write(name string, fill func(io.Writer) error, replace bool) (at Location, refused, err error) {
	if f.entry != nil {
		var failed error
		write := f.entry.Write
		if replace {
			write = f.entry.Replace
		}
		file, err := write(name, func(w io.Writer) error {
			to := &errorRecorder{w: w}
			err := fill(to)
			if to.err == nil {
				failed = err // not the writer's fault
			}
			return err
		})
		switch {
		case err == nil:
			return Location{Path: file.Path, Bytes: file.Bytes}, nil, nil
		case failed != nil:
			return Location{}, nil, failed
		}
		refused = err
	}
	w := &Buffer{Limit: f.most - f.memory, Full: tooLarge(f.most)}
	if err := errors.Join(fill(w), w.Err); err != nil { // the runtime's profile writers return no error of w
		return Location{}, refused, err
	}
	f.memory += w.Len()
	return Location{Data: w.Bytes(), Bytes: int64(w.Len())}, refused, nil
}

// Replace writes a file of the event again. What the disk refuses is not kept in
// memory.
func (f *Files) Replace(name string, content []byte) error {
	if f.entry == nil {
		return nil
	}
	_, err := f.entry.Replace(name, Content(content))
	if name == event.JSONFile {
		f.stale = err != nil
	}
	return err
}

// Content returns a function for [Files.Write] that writes content.
func Content(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// Describe writes event.json.
func (f *Files) Describe(ev *event.Event) error {
	raw, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	return f.Replace(event.JSONFile, append(raw, '\n'))
}

// Summarize writes summary.txt.
func (f *Files) Summarize(ev *event.Event) error { return f.Replace(event.SummaryFile, ev.Summary()) }

// Finish closes an event for the named reporters. It tries once more to write to disk
// what is in memory, and reports whether all of the event is on disk.
func (f *Files) Finish(ev *event.Event, to []string) (whole bool, err error) {
	if f.entry == nil {
		return false, nil
	}
	err = f.spill(ev)
	if err == nil {
		err = f.entry.Address(to...)
	}
	return err == nil, errors.Join(err, f.entry.Close(classOf(ev)))
}

// Complete closes an event of a process that has ended.
func (f *Files) Complete(ev *event.Event) error {
	return errors.Join(f.Describe(ev), f.Summarize(ev), f.entry.Close(classOf(ev)))
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
	return errors.Join(f.Describe(ev), f.Summarize(ev))
}

// classOf returns the class for retention: the steps of one signal's rise are a
// series, the first event for a reason is kept long, and events of a timetable make
// room for all others.
func classOf(ev *event.Event) dump.Class {
	if ev.Routine() {
		return dump.Class{Routine: true}
	}
	signal := string(ev.Trigger.Sample.Signal)
	return dump.Class{
		Disposable: ev.State == event.StateDismissed, Series: signal, Height: ev.Trigger.Sample.Value,
		Kind: signal + " " + ev.Trigger.Reason.Code,
	}
}

// Dismiss closes an event that is not reported. Retention removes such events first.
func (f *Files) Dismiss() error {
	if f.entry == nil {
		return nil
	}
	return f.entry.Close(dump.Class{Disposable: true})
}

// Keep closes an event that is not reported, in place of the one that was kept under
// the key.
func (f *Files) Keep(key string) error {
	if f.entry == nil {
		return nil
	}
	return f.entry.Close(dump.Class{Latest: key})
}

// Discard removes an event.
func (f *Files) Discard() error {
	if f.entry == nil {
		return nil
	}
	return f.entry.Discard()
}
