package eventstore

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// Files is the files of one event: on disk, or in memory if the disk refuses them.
type Files struct {
	Store *Store

	ctx    context.Context // of the event's waits for the disk
	hasty  bool            // ctx is done, and the disk has not answered since
	entry  *dump.Entry     // nil if the disk refused the event
	memory int             // bytes in memory
	most   int             // that it may have there
	stale  bool            // event.json is missing or out of date
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
		if at, refused, err = f.toDisk(name, fill, replace); refused == nil {
			return at, nil, err
		}
	}
	w := &Buffer{Limit: f.most - f.memory, Full: tooLarge(f.most)}
	if err := errors.Join(fill(w), w.Err); err != nil { // the runtime's profile writers return no error of w
		return Location{}, refused, err
	}
	f.memory += w.Len()
	return Location{Data: w.Bytes(), Bytes: int64(w.Len())}, refused, nil
}

func (f *Files) toDisk(name string, fill func(io.Writer) error, replace bool) (at Location, refused, err error) {
	if f.hasty {
		return at, ErrNoAnswer, nil
	}
	write := f.entry.Write
	if replace {
		write = f.entry.Replace
	}
	var file dump.File
	refused, err = f.Store.stream(f.ctx, func(r io.Reader) (err error) {
		file, err = write(name, func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
		return err
	}, fill)
	if refused != nil || err != nil {
		f.heed(refused)
		return at, refused, err
	}
	return Location{Path: file.Path, Bytes: file.Bytes}, nil, nil
}

// heed has an event whose context is done wait no longer for a disk that has not answered
// soon.
func (f *Files) heed(err error) {
	f.hasty = f.hasty || f.ctx.Err() != nil && errors.Is(err, ErrNoAnswer)
}

// do runs an operation on the event. What it sets must not be read if the error is
// [ErrNoAnswer].
func (f *Files) do(op func() error) error {
	if f.hasty {
		return ErrNoAnswer
	}
	err := f.Store.do(f.ctx, func(*dump.Store) error { return op() }, nil)
	f.heed(err)
	return err
}

// Read returns the content of a profile of the event, or an error if it is larger than
// most bytes.
func (f *Files) Read(p *event.Profile, most int64) ([]byte, error) {
	if p.Path == "" || f.entry == nil {
		return p.ReadAll(most)
	}
	file := *p // the event goes on if the disk does not answer
	var raw []byte
	err := f.do(func() (err error) {
		raw, err = file.ReadAll(most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// Replace writes a file of the event again. What the disk refuses is not kept in
// memory. The content must not be changed afterwards.
func (f *Files) Replace(name string, content []byte) error {
	if f.entry == nil {
		return nil
	}
	entry := f.entry
	err := f.do(func() error { return replace(entry, name, content) })
	if name == event.JSONFile {
		f.stale = err != nil
	}
	return err
}

func replace(entry *dump.Entry, name string, content []byte) error {
	_, err := entry.Replace(name, Content(content))
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
	raw, err := asJSON(ev)
	if err != nil {
		return err
	}
	return f.Replace(event.JSONFile, raw)
}

func asJSON(ev *event.Event) ([]byte, error) {
	raw, err := json.Marshal(ev)
	return append(raw, '\n'), err
}

// Summarize writes summary.txt.
func (f *Files) Summarize(ev *event.Event) error { return f.Replace(event.SummaryFile, ev.Summary()) }

// describe writes event.json and summary.txt, in the goroutine of the disk.
func describe(entry *dump.Entry, ev *event.Event) error {
	raw, err := asJSON(ev)
	if err != nil {
		return err
	}
	return errors.Join(replace(entry, event.JSONFile, raw), replace(entry, event.SummaryFile, ev.Summary()))
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

// Dismiss closes an event that is not reported. Retention removes such events first. If
// the disk does not answer, that is done when it does.
func (f *Files) Dismiss() error {
	return f.end(func(e *dump.Entry) error { return e.Close(dump.Class{Disposable: true}) })
}

// Keep closes an event that is not reported, in place of the one that was kept under
// the key.
func (f *Files) Keep(key string) error {
	return f.end(func(e *dump.Entry) error { return e.Close(dump.Class{Latest: key}) })
}

// Discard removes an event, as Dismiss does.
func (f *Files) Discard() error { return f.end((*dump.Entry).Discard) }

func (f *Files) end(op func(*dump.Entry) error) error {
	entry, store := f.entry, f.Store
	if entry == nil {
		return nil
	}
	return store.must(f.ctx, func(*dump.Store) error {
		store.changed.Ring()
		return op(entry)
	})
}
