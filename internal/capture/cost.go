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
	// ErrNoRoom is why a profile is missing that would not have fitted into
	// the memory that is left.
	ErrNoRoom = errors.New("would not fit into the memory that is left")
	// ErrTooCostly is why a profile is missing that would have cost more than
	// the options allow.
	ErrTooCostly = errors.New("would cost too much")
)

// A cost is what a capture is expected to cost.
type cost struct {
	bytes uint64        // of memory while it is taken
	time  time.Duration // of CPU, 0 if that does not depend on the process
}

// affords refuses a capture that could itself bring the process over its limit,
// or that would cost more than the options allow. No capture stops the world for
// longer than the runtime does by itself: profiles are taken while it runs, but
// for two pauses whose length does not depend on the process.
func (t *Taker) affords(c cost) error {
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

// Affords refuses a capture of the kind as [Evidence.Snapshot] does.
func (t *Taker) Affords(k event.Kind) error { return t.affords(t.costOf(k)) }

func (t *Taker) costOf(k event.Kind) cost { return t.costs.of(k, t.Kinds[k]) }

// A costModel is what captures have cost so far.
type costModel struct {
	mu        sync.Mutex
	heap      time.Duration
	goroutine cost // of one
}

// worthLearning is how many goroutines tell what one of them costs.
const worthLearning = 1000

// of is what a capture will cost: what the last one has, or else what the table
// says.
func (m *costModel) of(k event.Kind, row Row) cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := runtime.NumGoroutine(); k == event.KindGoroutine && n >= worthLearning && m.goroutine.bytes > 0 {
		return cost{
			bytes: baseBytes + uint64(n)*m.goroutine.bytes*5/4, // with something to spare
			time:  time.Duration(n) * m.goroutine.time,
		}
	}
	c := cost{bytes: row.Needs()}
	if row.Takes != nil {
		c.time = row.Takes()
	}
	return c
}

// learn takes note of what a capture did cost.
func (m *costModel) learn(k event.Kind, s Spending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch n := runtime.NumGoroutine(); {
	case k == event.KindHeap:
		m.heap = s.Time
	case k == event.KindGoroutine && n >= worthLearning:
		m.goroutine = cost{s.Allocs / uint64(n), max(s.CPU, time.Microsecond) / time.Duration(n)}
	}
}

// unmeasured is what a heap profile is taken to need before one was timed:
// several times what it needs in a small service.
const unmeasured = 20 * time.Millisecond

// heapTime is how long a heap profile takes, by the clock.
func (m *costModel) heapTime() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return cmp.Or(m.heap, unmeasured)
}
