package detect

import "time"

// A Signal names what is measured.
type Signal string

// The signals that holmes reads itself. A [Source] adds others.
const (
	// SignalCPU is the CPU time of the process in percent of the cores that it can
	// use: the quota, the affinity mask or GOMAXPROCS, whichever is least.
	SignalCPU Signal = "cpu"
	// SignalMem is memory in percent of the limit that binds the process: the
	// cgroup's or, if there is none, the host's. The option WithMemoryLimit sets
	// another one.
	SignalMem Signal = "mem"
	// SignalGCHeap is the heap that the last collection found live, as far as it is
	// in memory, in percent of the same limit, or of GOMEMLIMIT if that is lower.
	SignalGCHeap Signal = "gcheap"
	// SignalGoroutine is the number of goroutines.
	SignalGoroutine Signal = "goroutine"
	// SignalThread is the number of threads of the process.
	SignalThread Signal = "thread"
)

// Signals that holmes reads only when its method Enable has turned them on.
const (
	// SignalGCCPU is the CPU time of the garbage collector in percent of the CPU
	// time in use, or of a tenth of the cores if less is in use. It is over the
	// time between the ends of the last two collections, because the runtime
	// updates its account only then.
	SignalGCCPU Signal = "gccpu"
	// SignalSchedLat is how long runnable goroutines wait until they run: the 99th
	// percentile since the previous reading, in milliseconds.
	SignalSchedLat Signal = "schedlat"
	// SignalMutexWait is the time that goroutines wait for locks, in seconds per
	// second, which is the number of waiting goroutines: the mean of 10 seconds. A
	// wait counts when it ends, so a deadlock does not show. While the signal is
	// on, the runtime records one contended lock in 1 000 003, and one in 7 during
	// an event, unless the application has set that fraction itself.
	SignalMutexWait Signal = "mutexwait"
)

// A Sample is one reading of a signal.
type Sample struct {
	Signal Signal
	// Value is in percent of Limit, or in the unit of the signal.
	Value float64
	// Limit is what Value is a percentage of, in cores or bytes, and 0 if Value is
	// no percentage.
	Limit float64
	// At is the wall-clock time of the reading. A [Detector] does not use it.
	At time.Time
}

// What a service reaches under load and not without, in the unit of the signal. A server
// without a request has 2 to 60 goroutines and 5 to 8 threads, and takes 0.001 to 0.01
// cores, measurements and health checks included.
const (
	loadCores      = 0.02
	loadCPU        = 1 // percent, of an unknown number of cores
	loadMemory     = 3 // percent
	loadThreads    = 9
	loadGoroutines = 100
)

// Idle reports whether a sample is that of a process without load: one that has just been
// started, or that waits until another one fails. The CPU tells best. A signal that is not
// built in never does.
func Idle(s Sample) bool {
	switch s.Signal {
	case SignalCPU:
		if s.Limit > 0 && s.Value < 10 { // which is load in the smallest container
			return s.Value/100*s.Limit < loadCores
		}
		return s.Value < loadCPU
	case SignalMem, SignalGCHeap:
		return s.Value < loadMemory
	case SignalThread:
		return s.Value < loadThreads
	case SignalGoroutine:
		return s.Value < loadGoroutines
	}
	return false
}

// A Source measures a signal of the user's own, which the option WithSource adds.
//
// Rules for implementers: Read returns the latest value without blocking. One
// goroutine calls it once an interval. A Source that blocks loses its own readings
// only, and is not called again until it returns. After an error it is called again
// with growing pauses. A panic is recovered, counted and treated as an error, and so
// is a NaN or infinite value.
type Source interface {
	// Signal returns the name of the signal, always the same: 1 to 40 of a-z, 0-9,
	// '-' and '_', and not one of the built-in names.
	Signal() Signal
	// Read returns the value at now. Only Value and Limit of the Sample are used.
	Read(now time.Time) (Sample, error)
}

// Valid reports whether a [Source] may have this name; see [Source.Signal].
func (s Signal) Valid() bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 40
}
