package event

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
)

// A State is the state of an [Event].
type State string

// The states of an event. Confirmed and unconfirmed events are reported.
const (
	// StateSuspected is an event whose rule fires, but not yet for its hold
	// time. Its evidence is being taken.
	StateSuspected State = "suspected"
	// StateConfirmed is an event whose rule fired for its hold time, or that was
	// captured on demand or by timetable.
	StateConfirmed State = "confirmed"
	// StateDismissed is an event whose rule ceased to fire before its hold time.
	// It is counted and never reported.
	StateDismissed State = "dismissed"
	// StateUnconfirmed is an event that was still suspected when holmes was
	// stopped or its process ended.
	StateUnconfirmed State = "unconfirmed"
)

// An Event is all that leaves the process about one anomaly. Each [Reporter] gets a
// copy, which it may keep and change.
type Event struct {
	// ID is unique, sorts by time and is the name of the event's directory.
	ID    string
	State State
	// At is the wall-clock time of the first suspicious sample.
	At      time.Time
	Trigger Trigger
	// Profiles are in the order in which they were taken. A missing profile is
	// listed too, with the reason.
	Profiles []Profile
	// Diagnosis names the responsible function, or says that there is no clear
	// culprit. Its Sentence is empty if there is no diagnosis.
	Diagnosis diagnose.Verdict
	// Readings is what else was measured when the event was confirmed.
	Readings Readings
	Labels   map[string]string
	// Cost is what it cost the host to take the evidence.
	Cost Cost
	// Dir is the directory of the event, and empty if the disk refused it.
	Dir string
}

// Clone returns a copy that shares no data with e but the content of profiles in
// memory, which must not be changed.
func (e *Event) Clone() *Event {
	c := *e
	c.Trigger.Window = slices.Clone(e.Trigger.Window)
	c.Profiles = slices.Clone(e.Profiles)
	c.Diagnosis.Culprits = slices.Clone(e.Diagnosis.Culprits)
	c.Labels, c.Readings.Means = maps.Clone(e.Labels), maps.Clone(e.Readings.Means)
	if g := e.Readings.Groups; g != nil {
		own := *g
		own.Memory, own.CPU = slices.Clone(g.Memory), slices.Clone(g.CPU)
		c.Readings.Groups = &own
	}
	return &c
}

// Routine reports whether the event was captured by timetable, without an anomaly.
func (e *Event) Routine() bool { return e.Trigger.Reason.Code == detect.CodeContinuous }

// Sentence returns the event in one line: the trigger, the responsible function if there
// is a diagnosis, and how often it has happened if that is more than once.
func (e *Event) Sentence() string {
	out := e.Trigger.Sentence()
	if e.Diagnosis.Sentence != "" {
		out = e.Trigger.brief() + ": " + e.Diagnosis.Sentence
	}
	if e.Trigger.Sample.Signal == detect.SignalMem && strings.HasPrefix(e.Readings.MemoryLimitFrom, "memory.high") {
		out += "; 100 % is memory.high, at which the kernel slows the group down and does not kill"
	}
	return out + e.Trigger.repeated()
}

// The signals of events without a reading.
const (
	SignalProcess    detect.Signal = "process"    // a previous run ended without Stop
	SignalManual     detect.Signal = "manual"     // captured on demand: CaptureNow
	SignalContinuous detect.Signal = "continuous" // captured by timetable: WithContinuous
	SignalBaseline   detect.Signal = "baseline"   // profiles of calm times; never reported
)
