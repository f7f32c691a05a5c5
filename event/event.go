package event

import (
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
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

// Clone returns a copy that shares nothing that can be changed, but for the
// bytes of profiles in memory, which nobody writes.
func (e *Event) Clone() *Event {
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

// Routine reports whether a timetable is all that has set the event off.
func (e *Event) Routine() bool { return e.Trigger.Reason.Code == detect.CodeContinuous }

// Sentence is the event in one line: what the trigger saw and, where there is
// a diagnosis, who is to blame.
func (e *Event) Sentence() string {
	if e.Diagnosis.Sentence == "" {
		return e.Trigger.Sentence()
	}
	return e.Trigger.brief() + ": " + e.Diagnosis.Sentence
}

// Signals of events that no reading has set off.
const (
	// SignalProcess is the signal of an event about the process itself: that its
	// previous run ended without Stop.
	SignalProcess    detect.Signal = "process"
	SignalManual     detect.Signal = "manual"     // CaptureNow
	SignalContinuous detect.Signal = "continuous" // WithContinuous
	SignalBaseline   detect.Signal = "baseline"   // profiles of calm times, kept for the next start
)
