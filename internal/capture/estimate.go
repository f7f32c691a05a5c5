package capture

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/humanize"
)

var (
	// ErrNoRoom is why a profile is missing that would not fit into the memory that
	// is left.
	ErrNoRoom = errors.New("would not fit into the memory that is left")
	// ErrTooCostly is why a profile is missing that would cost more than the options
	// allow.
	ErrTooCostly = errors.New("would cost too much")
)

// An estimate is what a capture is expected to cost.
type estimate struct {
	bytes uint64        // memory while it is taken
	time  time.Duration // CPU time, 0 if that does not depend on the process
}

// affords returns an error for a capture that could itself bring the process over its
// memory limit, or that would cost more than the options allow. No capture stops the
// world for longer than the runtime does by itself: profiles are taken while it runs,
// except for two pauses whose length does not depend on the process.
func (t *Taker) affords(c estimate) error {
	switch _, room := t.Meter.Readings(&t.Measure); {
	case c.bytes > room:
		return fmt.Errorf("%w: it needs about %d KiB of %d KiB", ErrNoRoom, c.bytes>>10, room>>10)
	case c.bytes > t.Config.Bytes:
		return fmt.Errorf("%w: it needs about %d MiB of memory, WithCaptureBudget allows %d MiB", ErrTooCostly, c.bytes>>20, t.Config.Bytes>>20)
	case c.time > t.Config.CPUTime:
		return fmt.Errorf("%w: it takes about %s of CPU time, WithCaptureBudget allows %s",
			ErrTooCostly, humanize.Duration(c.time), humanize.Duration(t.Config.CPUTime))
	}
	return nil
}

// allows returns an error for a capture of the kind that could bring the process
// over its memory limit, or that would cost more than the options allow.
func (t *Taker) allows(k event.Kind) error { return t.affords(t.estimate(k)) }

func (t *Taker) estimate(k event.Kind) estimate { return t.costs.of(k, t.Kinds[k]) }

// A costModel estimates the cost of captures from those so far.
type costModel struct {
	mu        sync.Mutex
	heap      time.Duration
	goroutine estimate // of one
}

// minLearned is how many goroutines are enough to learn the cost of one.
const minLearned = 1000

// of estimates the cost of a capture: from the last one, or else from the table.
func (m *costModel) of(k event.Kind, row Row) estimate {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := runtime.NumGoroutine(); k == event.KindGoroutine && n >= minLearned && m.goroutine.bytes > 0 {
		return estimate{
			bytes: baseBytes + uint64(n)*m.goroutine.bytes*5/4, // with a reserve
			time:  time.Duration(n) * m.goroutine.time,
		}
	}
	c := estimate{bytes: row.Needs()}
	if row.Takes != nil {
		c.time = row.Takes()
	}
	return c
}

// learn records what a capture has cost.
func (m *costModel) learn(k event.Kind, s Cost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch n := runtime.NumGoroutine(); {
	case k == event.KindHeap:
		m.heap = s.Time
	case k == event.KindGoroutine && n >= minLearned:
		m.goroutine = estimate{s.Allocs / uint64(n), max(s.CPU, time.Microsecond) / time.Duration(n)}
	}
}

// firstHeapTime is the estimate before the first heap profile: several times what it
// takes in a small service.
const firstHeapTime = 20 * time.Millisecond

// heapTime returns how long a heap profile is expected to take.
func (m *costModel) heapTime() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return cmp.Or(m.heap, firstHeapTime)
}
