package holmes

import "github.com/go-holmes/holmes/event"

// The types of events are those of package [event], which describes their fields.
type (
	// Event is all that leaves the process about one anomaly.
	Event = event.Event
	// State is the state of an event.
	State = event.State
	// Trigger is the reading that confirmed an event, and why.
	Trigger = event.Trigger
	// Profile is one profile of an event, or the reason why it is missing.
	Profile = event.Profile
	// Kind names a kind of profile.
	Kind = event.Kind
	// Readings is the state of the process at an event.
	Readings = event.Readings
	// Cost is what it cost the host to take the evidence of an event.
	Cost = event.Cost
	// GoroutineStates counts goroutines by state.
	GoroutineStates = event.GoroutineStates
	// GoroutineSite is a function that goroutines were started with.
	GoroutineSite = event.GoroutineSite
	// Groups is the state of the process's control groups at an event.
	Groups = event.Groups
	// MemoryGroup is one level of the memory controller.
	MemoryGroup = event.MemoryGroup
	// CPUGroup is one level of the CPU controller.
	CPUGroup = event.CPUGroup
	// PreviousRun is the end of a run without Stop.
	PreviousRun = event.PreviousRun
	// PastSample is one tick of a [PreviousRun].
	PastSample = event.PastSample
	// Reporter delivers events. Package reporters has implementations.
	Reporter = event.Reporter
	// BatchReporter is a [Reporter] that takes several events at once.
	BatchReporter = event.BatchReporter
)

// The states of an event; see [State].
const (
	StateSuspected   = event.StateSuspected   // the rule fires, but not yet for its hold time
	StateConfirmed   = event.StateConfirmed   // the rule fired for its hold time, or the event was captured on demand
	StateDismissed   = event.StateDismissed   // the rule ceased to fire: counted, never reported
	StateUnconfirmed = event.StateUnconfirmed // holmes was stopped before the verdict
)

// The kinds of profile that an event can hold; see [Kind].
const (
	KindCPU          = event.KindCPU
	KindHeap         = event.KindHeap
	KindGoroutine    = event.KindGoroutine
	KindThreadcreate = event.KindThreadcreate
	KindTrace        = event.KindTrace // for `go tool trace`
	KindMutex        = event.KindMutex // what was added during the event
	KindBlock        = event.KindBlock // what was added during the event; needs [WithBlockProfile]
)

// The signals of events that no reading has caused.
const (
	// SignalProcess is that of an event about a previous run of the process, which
	// ended without Stop.
	SignalProcess = event.SignalProcess
	// SignalManual is that of [Holmes.CaptureNow], whose reason is [CodeManual].
	SignalManual = event.SignalManual
	// SignalContinuous is that of [WithContinuous], whose reason is [CodeContinuous].
	SignalContinuous = event.SignalContinuous
)

// Version is this release of holmes. event.json has the version that wrote it.
const Version = event.Version

// LoadEvent reads an event from its directory; see [event.Load].
func LoadEvent(dir string) (*Event, error) { return event.Load(dir) }

// MemoryProfile returns a profile in memory, as an event has it if the disk refused
// the file. Tests of reporters use it.
func MemoryProfile(kind Kind, file string, content []byte) Profile {
	return event.MemoryProfile(kind, file, content)
}

// Permanent marks an error of a [Reporter] as one that a retry cannot change: the
// event is dropped for this Reporter and counted. Permanent(nil) is nil.
func Permanent(err error) error { return event.Permanent(err) }

// IsPermanent reports whether an error was marked by [Permanent].
func IsPermanent(err error) bool { return event.IsPermanent(err) }
