package holmes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// maxInMemory bounds what one event holds in memory when the disk refuses it.
const maxInMemory = 8 << 20

var errMemoryFull = fmt.Errorf("more than %d MiB, which is all that an event may hold in memory", maxInMemory>>20)

// evidence is where one event's files go: to disk, and what the disk refuses
// to memory.
type evidence struct {
	store  *dump.Store
	entry  *dump.Entry // nil when the disk refused the event
	memory int         // bytes held
	stale  bool        // event.json on disk is not what was to be written
}

// stored is one file of an event: at path, or data.
type stored struct {
	path  string
	data  []byte
	bytes int64
}

// write stores what fill writes. An error of fill itself is returned; one of
// the disk sends the file to memory, where fill is asked again, and is
// returned as trouble.
func (e *evidence) write(name string, fill func(io.Writer) error, replace bool) (s stored, trouble, err error) {
	if e.entry != nil {
		var failed error
		write := e.entry.Write
		if replace {
			write = e.entry.Replace
		}
		f, err := write(name, func(w io.Writer) error {
			src := &witness{w: w}
			err := fill(src)
			if src.err == nil {
				failed = err // not the writer's fault
			}
			return err
		})
		switch {
		case err == nil:
			return stored{path: f.Path, bytes: f.Bytes}, nil, nil
		case failed != nil:
			return stored{}, nil, failed
		}
		trouble = err
	}
	w := &memoryFile{left: maxInMemory - e.memory, full: errMemoryFull}
	if err := errors.Join(fill(w), w.err); err != nil { // the profile writers of the runtime tell no errors
		return stored{}, trouble, err
	}
	e.memory += w.Len()
	return stored{data: w.Bytes(), bytes: int64(w.Len())}, trouble, nil
}

// replace writes a file of the event anew; there is no copy in memory of it.
func (e *evidence) replace(name string, content []byte) error {
	if e.entry == nil {
		return nil
	}
	_, err := e.entry.Replace(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if name == event.JSONFile {
		e.stale = err != nil
	}
	return err
}

// describe writes event.json as the event stands.
func (e *evidence) describe(ev *Event) error {
	raw, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	return e.replace(event.JSONFile, append(raw, '\n'))
}

// finish closes an event that is to be delivered to those reporters. It reports
// whether all of it is on disk; what is in memory is tried once more.
func (e *evidence) finish(ev *Event, to []string) (whole bool, err error) {
	if e.entry == nil {
		return false, nil
	}
	err = e.spill(ev)
	if err == nil {
		err = e.entry.Address(to...)
	}
	return err == nil, errors.Join(err, e.entry.Close(classOf(ev)))
}

// spill writes to disk what is only in memory.
func (e *evidence) spill(ev *Event) error {
	again := e.stale
	for i := range ev.Profiles {
		p := &ev.Profiles[i]
		content := p.Content()
		if content == nil {
			continue
		}
		f, err := e.entry.Replace(p.File, func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		})
		if err != nil {
			return err
		}
		p.Place(f.Path, nil)
		again = true
	}
	if !again {
		return nil
	}
	ev.Dir = e.entry.Path()
	return errors.Join(e.describe(ev), e.replace(event.SummaryFile, ev.Summary()))
}

// classOf is what retention goes by: the steps of one signal's rise are a
// series, and the first event for a reason stays long. What a timetable took
// makes room for all of them.
func classOf(ev *Event) dump.Class {
	if ev.Routine() {
		return dump.Class{Routine: true}
	}
	signal := string(ev.Trigger.Sample.Signal)
	return dump.Class{
		Disposable: ev.State == StateDismissed, Series: signal, Height: ev.Trigger.Sample.Value,
		Kind: signal + " " + ev.Trigger.Reason.Code,
	}
}

// close closes an event that nobody is told of.
func (e *evidence) close(disposable bool) error {
	if e.entry == nil {
		return nil
	}
	return e.entry.Close(dump.Class{Disposable: disposable})
}

// discard removes an event.
func (e *evidence) discard() error {
	if e.entry == nil {
		return nil
	}
	return e.entry.Discard()
}

func (e *evidence) dir() string {
	if e.entry == nil {
		return ""
	}
	return e.entry.Path()
}

// witness remembers whether the writer below failed.
type witness struct {
	w   io.Writer
	err error
}

func (s *witness) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.err = errors.Join(s.err, err)
	return n, err
}

// memoryFile is a buffer with an end.
type memoryFile struct {
	bytes.Buffer
	left int
	full error // of the end
	err  error // it was reached
}

func (m *memoryFile) Write(p []byte) (int, error) {
	if len(p) > m.left-m.Len() {
		m.err = m.full
		return 0, m.full
	}
	return m.Buffer.Write(p)
}
