package detect

import "time"

// A Signal names what is measured.
type Signal string

// The built-in signals. A [Source] adds more.
const (
	// SignalCPU is the process's CPU time in percent of the cores it may use.
	SignalCPU Signal = "cpu"
	// SignalMem is memory in percent of the limit that will kill the process:
	// the cgroup's, else the host's, else what [WithMemoryLimit] says.
	SignalMem Signal = "mem"
	// SignalGCHeap is the heap found live by the last collection, in percent
	// of the same limit.
	SignalGCHeap Signal = "gcheap"
	// SignalGoroutine is the number of goroutines.
	SignalGoroutine Signal = "goroutine"
	// SignalThread is the number of threads of the process.
	SignalThread Signal = "thread"
)

// Built-in signals that are off until [Holmes.Enable] turns them on. An option
// that sets the rule of one does not.
const (
	// SignalGCCPU is the part of the CPU time in use that goes into collecting
	// garbage, in percent. It is over the time between the ends of two
	// collections, since the runtime does not tell sooner; where less than a
	// tenth of the cores is in use, it is a share of that tenth.
	SignalGCCPU Signal = "gccpu"
	// SignalSchedLat is how long goroutines that can run wait until they do:
	// the 99th percentile since the reading before, in milliseconds.
	SignalSchedLat Signal = "schedlat"
	// SignalMutexWait is the time that goroutines wait for locks, in seconds
	// a second, which is how many are waiting at a time: mean of 10 seconds.
	// A wait counts when it ends, so that of a deadlock is never seen. While
	// the signal is on, the runtime is told to record one contended lock in
	// 1 000 003, and one in 7 during its events, unless the application has
	// set that fraction itself.
	SignalMutexWait Signal = "mutexwait"
)

// A Sample is one reading of a signal.
type Sample struct {
	Signal Signal
	// Value is in percent of Limit, or a plain count.
	Value float64
	// Limit is what Value is a percentage of (cores or bytes), and 0 when
	// Value is a plain count.
	Limit float64
	// At is the wall-clock time of the reading.
	At time.Time
}

// A Source measures a signal of the user's own; see [WithSource].
//
// Rules for implementers: Read returns at once with the latest value; it is
// called once an interval by one goroutine. One that blocks loses its own
// readings only, and no more of it is called meanwhile. An error degrades the
// signal: it is tried again with growing pauses. A panic is caught, counted
// and treated as an error. A NaN or infinite value is an error too.
type Source interface {
	// Signal returns the signal's name: lower-case letters, digits, '-' and
	// '_', at most 40, and not one of the built-in names. It never changes.
	Signal() Signal
	// Read returns the value at now. Only Value and Limit of the Sample are
	// used.
	Read(now time.Time) (Sample, error)
}

// Valid reports whether a signal of the user's may have this name.
func (s Signal) Valid() bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 40
}
