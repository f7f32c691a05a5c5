package holmes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes/diagnose"
)

// A Kind names a kind of profile, as runtime/pprof and runtime/trace do.
type Kind string

// The kinds of profile that an event can hold.
const (
	KindCPU          Kind = "cpu"
	KindHeap         Kind = "heap"
	KindGoroutine    Kind = "goroutine"
	KindThreadcreate Kind = "threadcreate"
	// KindTrace is an execution trace, for `go tool trace`.
	KindTrace Kind = "trace"
	// KindMutex is who made others wait for locks, and for how long: what was
	// added to the process's mutex profile during the event.
	KindMutex Kind = "mutex"
	// KindBlock is who waited, and for how long, added during the event. It
	// needs [WithBlockProfile].
	KindBlock Kind = "block"
)

// A State is where an [Event] stands in its life.
type State string

const (
	// StateSuspected is an event whose rule holds, but not yet for its hold
	// time. Its evidence is being taken.
	StateSuspected State = "suspected"
	// StateConfirmed is an event whose rule held for its hold time, or that
	// was asked for. Only these reach the reporters, and the unconfirmed.
	StateConfirmed State = "confirmed"
	// StateDismissed is an event whose rule lapsed before its hold time. It
	// is counted and never reported.
	StateDismissed State = "dismissed"
	// StateUnconfirmed is an event that was still suspected when holmes was
	// stopped: its evidence is real, its verdict was never reached.
	StateUnconfirmed State = "unconfirmed"
)

// A Trigger says which reading set an event off, and why.
type Trigger struct {
	// Sample is the reading that confirmed the event.
	Sample Sample
	// Reason says what the rule held against it.
	Reason Reason
	// Baseline is the mean of the samples before the event, in the unit of
	// Sample.Value.
	Baseline float64
	// BaselineOver is how far back that mean reaches: over the rule's window,
	// or over the readings that there are of it in a young process.
	BaselineOver time.Duration
	// Held is how long the rule had held when the event was confirmed.
	Held time.Duration
	// Window holds the latest samples up to and with the event's own, oldest
	// first, one an interval: those that the mean is over and those of the
	// hold, at most 1000.
	Window []float64
}

// A Profile is one piece of evidence: a file, or the reason why there is none.
type Profile struct {
	Kind Kind
	// Start and Duration are the time that the profile speaks of. A snapshot
	// (heap, goroutine, threadcreate) has no duration.
	Start    time.Time
	Duration time.Duration
	// File is the name inside the event, for example "cpu.pb.gz". Of goroutines
	// there may be a series, "goroutine.pb.gz" to "goroutine-10.pb.gz".
	File string
	// Path is where the file lies, and empty when the disk refused it and
	// the profile is held in memory. Read it through [Profile.Open].
	Path string
	// Note is what a reader must know: that the profile was taken after a
	// collection, that another profiler was in the way.
	Note string
	// Err is why there is no file; Note says the same in event.json.
	Err error

	data []byte // the content when it is not on disk
}

// errNoContent is returned by [Profile.Open] when the capture failed and left
// no reason.
var errNoContent = errors.New("holmes: the profile has no content")

// Open returns the profile's bytes, from disk or from memory. It fails with
// Err when the capture failed.
func (p *Profile) Open() (io.ReadCloser, error) {
	switch {
	case p.Path != "":
		f, err := os.Open(p.Path)
		if err != nil {
			return nil, fmt.Errorf("holmes: open profile: %w", err)
		}
		return f, nil
	case p.data != nil:
		return io.NopCloser(bytes.NewReader(p.data)), nil
	case p.Err != nil:
		return nil, p.Err
	default:
		return nil, errNoContent
	}
}

// read returns all of the profile, if it is not larger than most bytes.
func (p *Profile) read(most int64) ([]byte, error) {
	f, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("holmes: %s is larger than %d MiB, which is not read into memory", p.File, most>>20)
	}
	return raw, err
}

// MemoryProfile returns a profile that is held in memory, as an event has it
// when the disk refused the evidence. Tests of reporters use it.
func MemoryProfile(kind Kind, file string, content []byte) Profile {
	return Profile{Kind: kind, File: file, data: content}
}

// Captured reports whether the profile has content to [Profile.Open].
func (p *Profile) Captured() bool { return p.Path != "" || p.data != nil }

// An Event is all that leaves the process about one anomaly. A [Reporter] is
// handed a copy of its own: it may keep and change it.
type Event struct {
	// ID is unique, sorts by time and names the event's directory.
	ID    string
	State State
	// At is the wall-clock time of the first suspicious sample.
	At       time.Time
	Trigger  Trigger
	Profiles []Profile
	// Diagnosis names the guilty function, or says that it cannot.
	Diagnosis diagnose.Verdict
	// Readings is what else was measured when the event was confirmed.
	Readings Readings
	Labels   map[string]string
	// Cost is what taking the evidence cost the host.
	Cost Cost
	// Dir is the event's directory, and empty when the disk refused it.
	Dir string
}

// clone returns a copy that shares nothing that can be changed, but for the
// bytes of profiles in memory, which nobody writes.
func (e *Event) clone() *Event {
	c := *e
	c.Trigger.Window = slices.Clone(e.Trigger.Window)
	c.Profiles = slices.Clone(e.Profiles)
	c.Diagnosis.Culprits = slices.Clone(e.Diagnosis.Culprits)
	c.Labels = maps.Clone(e.Labels)
	if g := e.Readings.Groups; g != nil {
		own := *g
		own.Memory, own.CPU = slices.Clone(g.Memory), slices.Clone(g.CPU)
		c.Readings.Groups = &own
	}
	return &c
}

// routine reports whether a timetable is all that has set the event off.
func (e *Event) routine() bool { return e.Trigger.Reason.Code == CodeContinuous }

// Sentence is the event in one line: what the trigger saw and, where there is
// a diagnosis, who is to blame.
func (e *Event) Sentence() string {
	if e.Diagnosis.Sentence == "" {
		return e.Trigger.Sentence()
	}
	return e.Trigger.brief() + ": " + e.Diagnosis.Sentence
}

// Profile returns the captured profile of a kind that says most, or nil if
// there is none: of two heap profiles the one that was taken after a
// collection, of a series of goroutine profiles the last.
func (e *Event) Profile(k Kind) *Profile {
	var best *Profile
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if p.Kind == k && p.Captured() && (best == nil || p.Duration >= best.Duration) {
			best = p
		}
	}
	return best
}

// LoadEvent reads an event back from its directory, profiles included by path.
func LoadEvent(dir string) (*Event, error) {
	raw, err := os.ReadFile(filepath.Join(dir, eventFile))
	if err != nil {
		return nil, fmt.Errorf("holmes: load event: %w", err)
	}
	e := new(Event)
	if err := e.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("holmes: load event %s: %w", filepath.Base(dir), err)
	}
	e.Dir = dir
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.File != "" {
			p.Path = filepath.Join(dir, filepath.Base(p.File))
		}
	}
	return e, nil
}
