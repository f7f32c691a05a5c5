package capture

import (
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/event"
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

// fresh reports whether more than a few percent of the figure are left.
func (l learned) fresh(now time.Duration) bool { return l.known && now-l.at < 5*halfLife }

// minLearned is how many goroutines are enough to learn the cost of one.
const minLearned = 1000

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
		e.bytes = goroutineBytes(n, m.frames.or(likelyFrames, now))
		if m.frames.fresh(now) {
			e.most = 0
		}
	}
	return e
}

// learn records what a capture has cost. goroutines is how many there were before it.
func (m *costModel) learn(k event.Kind, goroutines int, s Cost, now time.Duration) {
	m.mu.Lock()
	switch {
	case k == event.KindHeap:
		m.heap = learned{s.Time.Seconds(), now, true}
	case k == event.KindGoroutine && goroutines >= minLearned && s.CPU > 0:
		m.time = learned{s.CPU.Seconds() / float64(goroutines), now, true}
	}
	m.mu.Unlock()
}

// learnFrames records how many frames a goroutine has.
func (m *costModel) learnFrames(frames float64, now time.Duration) {
	m.mu.Lock()
	m.frames = learned{frames, now, true}
	m.mu.Unlock()
}

// heapTime returns how long a heap profile is expected to take.
func (m *costModel) heapTime(now time.Duration) time.Duration {
	m.mu.Lock()
	takes := time.Duration(m.heap.or(heapTakes().Seconds(), now) * float64(time.Second))
	m.mu.Unlock()
	return takes
}
