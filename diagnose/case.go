package diagnose

import "time"

// A Snapshot has the profiles of a process, by kind, any of which may be nil, and its
// memory.
type Snapshot struct {
	CPU, Heap, Goroutine, Threadcreate, Mutex, Block *Profile

	// Memory says how much of the memory Go's heap explains. Zero is not known.
	Memory MemoryParts

	other *Profile // of a kind without a field
}

// A Baseline has the profiles of a process in calm times.
type Baseline struct {
	Snapshot
	// EarlierHeap is the heap profile of the round before, HeapSpan earlier:
	// with Heap it shows the allocations of calm times. It is nil if there
	// was none, or if it is of a process that runs no more.
	EarlierHeap *Profile
	HeapSpan    time.Duration
	// EarlierGoroutine is the goroutine profile of the round before, or nil.
	EarlierGoroutine *Profile
}

// A Case is one event with all the evidence for its cause.
type Case struct {
	// Signal is what rose: "cpu", "mem", "gcheap", "goroutine", "thread",
	// "gccpu", "schedlat", "mutexwait", or the caller's own.
	Signal string
	// Kinds are those to look at for a signal that is not known here, the most
	// telling first. Empty means all that Event has.
	Kinds []string
	// Event is the process during the event. Its Heap is the one after a
	// collection where there is one, its Mutex and Block hold what was added
	// during the event.
	Event Snapshot
	// Goroutines are goroutine profiles taken during the event, oldest first.
	// Event.Goroutine is the last of them. May be empty.
	Goroutines []*Profile
	// SinceBaseline is the time from Baseline.Heap to Event.Heap.
	SinceBaseline time.Duration
	// Baseline is nil when there is nothing to compare with.
	Baseline *Baseline
}

// of returns the profile of a kind.
func (s *Snapshot) of(kind string) *Profile { return *s.slot(kind) }

// slot returns where the profile of a kind is kept.
func (s *Snapshot) slot(kind string) **Profile {
	switch kind {
	case "cpu":
		return &s.CPU
	case "heap":
		return &s.Heap
	case "goroutine":
		return &s.Goroutine
	case "threadcreate":
		return &s.Threadcreate
	case "mutex":
		return &s.Mutex
	case "block":
		return &s.Block
	default:
		return &s.other
	}
}

// pairOf is the case of one pair of profiles.
func pairOf(kind string, before, after *Profile) *Case {
	c := &Case{Kinds: []string{kind}, Baseline: new(Baseline)}
	*c.Event.slot(kind) = after
	*c.Baseline.slot(kind) = before
	return c
}
