package holmes

import "github.com/go-holmes/holmes/event"

// The types that leave the process are those of package [event]. A [Reporter]
// takes events out of the process; package reporters has some.
type (
	Event           = event.Event           // is all that leaves the process about one anomaly
	State           = event.State           // is where an event stands in its life
	Trigger         = event.Trigger         // says which reading set an event off, and why
	Profile         = event.Profile         // is one piece of evidence, or why there is none
	Kind            = event.Kind            // names a kind of profile
	Readings        = event.Readings        // is what was measured around an event
	Cost            = event.Cost            // is what an event's evidence cost the host
	GoroutineStates = event.GoroutineStates // counts goroutines by what they are doing
	GoroutineSite   = event.GoroutineSite   // counts goroutines of one starting function
	Groups          = event.Groups          // is what the control groups said
	MemoryGroup     = event.MemoryGroup     // is one level of the memory controller
	CPUGroup        = event.CPUGroup        // is one level of the CPU controller
	PreviousRun     = event.PreviousRun     // is the end of a run that was not stopped
	PastSample      = event.PastSample      // is one tick of a PreviousRun
	Reporter        = event.Reporter        // takes events out of the process
	BatchReporter   = event.BatchReporter   // takes several events at once
)

// The states of an event; see [State].
const (
	StateSuspected   = event.StateSuspected   // the rule fires, but not yet for its hold time
	StateConfirmed   = event.StateConfirmed   // it did, or the event was asked for
	StateDismissed   = event.StateDismissed   // it lapsed: counted, never reported
	StateUnconfirmed = event.StateUnconfirmed // holmes was stopped before the verdict
)

// The kinds of profile that an event can hold; see [Kind].
const (
	KindCPU          = event.KindCPU
	KindHeap         = event.KindHeap
	KindGoroutine    = event.KindGoroutine
	KindThreadcreate = event.KindThreadcreate
	KindTrace        = event.KindTrace // for `go tool trace`
	KindMutex        = event.KindMutex // of the event only
	KindBlock        = event.KindBlock // of the event only; needs [WithBlockProfile]
)

// SignalProcess is the signal of an event about the process itself: that its
// previous run ended without Stop.
const SignalProcess = event.SignalProcess

// Version is the release of holmes that wrote an event.
const Version = event.Version

// LoadEvent reads an event back from its directory, profiles included by path.
func LoadEvent(dir string) (*Event, error) { return event.Load(dir) }

// MemoryProfile returns a profile that is held in memory, as an event has it
// when the disk refused the evidence. Tests of reporters use it.
func MemoryProfile(kind Kind, file string, content []byte) Profile {
	return event.MemoryProfile(kind, file, content)
}

// Permanent marks an error of a [Reporter] as one that no retry will mend:
// the event is dropped for this reporter and counted. Permanent(nil) is nil.
func Permanent(err error) error { return event.Permanent(err) }

// IsPermanent reports whether an error was marked by [Permanent].
func IsPermanent(err error) bool { return event.IsPermanent(err) }
