package capture

import (
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// A costModel estimates the cost of captures from those so far. It learns only what
// belongs to the capture: the CPU time of its thread, and what its profile holds. What
// the process allocates meanwhile would be the application's.
type costModel struct {
	mu     sync.Mutex
	heap   learned // seconds of one capture, by the clock
	time   learned // CPU seconds for one goroutine
	frames learned // of one goroutine
}

// A learned figure is that of the latest capture. The zero value has none.
type learned struct {
	value float64
	at    time.Duration // mono
	known bool
}

// halfLife is the time in which half of what is learned is forgotten: a figure that is
// wrong, or of other times, does not refuse captures for good.
const halfLife = 10 * time.Minute

// or returns the figure, which decays to that of the table.
func (l learned) or(table float64, now time.Duration) float64 {
	if !l.known {
		return table
	}
	return table + (l.value-table)*math.Exp(-math.Ln2*float64(now-l.at)/float64(halfLife))
}

// The memory of a goroutine profile, by what runtime/pprof allocates in
// writeRuntimeProfile and printCountProfile: for each goroutine a record of 24 bytes,
// a label of 8 and the strings of its key, and for each frame a word in the record, a
// word for fmt, and 11 bytes of a key that doubles as it grows. BenchmarkCaptureNeeds
// measures 240 bytes for a goroutine with 4 frames, 940 with 24, 3000 with 64.
const (
	bytesPerGoroutine = 300
	bytesPerFrame     = 50
	// likelyFrames is assumed before the first profile: a connection of net/http
	// that waits for a request has 13.
	likelyFrames = 14
	// timePerGoroutine is the CPU time for each goroutine, assumed before the first
	// profile: 2 to 7 us with 7 frames, 4 to 10 us with 24, by the same benchmark.
	timePerGoroutine = 6 * time.Microsecond
	// minLearned is how many goroutines are enough to learn the cost of one.
	minLearned = 1000
)

// of estimates the cost of a capture: from what is learned, and else from the table.
func (m *costModel) of(k event.Kind, row Row, now time.Duration) estimate {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := estimate{bytes: row.Needs()}
	if row.Most != nil {
		e.most = row.Most()
	}
	if row.Takes != nil {
		e.time = row.Takes()
	}
	if n := runtime.NumGoroutine(); k == event.KindGoroutine && n >= minLearned {
		e.time = time.Duration(float64(n) * m.time.or(timePerGoroutine.Seconds(), now) * float64(time.Second))
		if m.frames.known {
			e.bytes, e.most = goroutineBytes(n, m.frames.or(likelyFrames, now)), 0
		}
	}
	return e
}

func goroutineBytes(n int, frames float64) uint64 {
	return baseBytes + uint64(float64(n)*(bytesPerGoroutine+bytesPerFrame*frames))
}

func goroutineNeeds() uint64 { return goroutineBytes(runtime.NumGoroutine(), likelyFrames) }

// goroutineMost takes the stacks for full of small frames, because the depth of the
// calls is not known.
func goroutineMost() uint64 {
	stacks := measure.Uint64(measure.ReadMetric("/memory/classes/heap/stacks:bytes"))
	return baseBytes + uint64(runtime.NumGoroutine())*bytesPerGoroutine + stacks/8*5
}

func goroutineTakes() time.Duration {
	return time.Duration(runtime.NumGoroutine()) * timePerGoroutine
}

// learn records what a capture has cost. goroutines is how many there were before it.
func (m *costModel) learn(k event.Kind, goroutines int, s Cost, now time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case k == event.KindHeap:
		m.heap = learned{s.Time.Seconds(), now, true}
	case k == event.KindGoroutine && goroutines >= minLearned && s.CPU > 0:
		m.time = learned{s.CPU.Seconds() / float64(goroutines), now, true}
	}
}

// Learn records what a profile holds.
func (p *Process) Learn(k event.Kind, profile *pprofread.Profile) {
	if k != event.KindGoroutine {
		return
	}
	column, ok := pprofread.ColumnOf(profile, string(k))
	if !ok {
		return
	}
	var goroutines, frames float64
	for s := range profile.Samples() {
		n := float64(column.Value(s))
		goroutines += n
		frames += n * float64(s.Depth())
	}
	if goroutines < minLearned {
		return
	}
	p.costs.mu.Lock()
	defer p.costs.mu.Unlock()
	p.costs.frames = learned{frames / goroutines, p.clock.Mono(), true}
}

// firstHeapTime and timePerHeapSite are the estimate before the first heap profile:
// several times what it takes in a small service, and 2.5 us for each stack of 20 calls.
const (
	firstHeapTime   = 20 * time.Millisecond
	timePerHeapSite = 3 * time.Microsecond
)

// heapTime returns how long a heap profile is expected to take.
func (p *Process) heapTime() time.Duration {
	sites, _ := runtime.MemProfile(nil, true)
	table := firstHeapTime + time.Duration(sites)*timePerHeapSite
	p.costs.mu.Lock()
	defer p.costs.mu.Unlock()
	return time.Duration(p.costs.heap.or(table.Seconds(), p.clock.Mono()) * float64(time.Second))
}
