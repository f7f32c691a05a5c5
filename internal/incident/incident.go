// Package incident is the life of an event, once: it is opened for a cause,
// takes snapshots, has recordings beside it, and is concluded with a verdict,
// which diagnoses, writes and delivers it. The causes are a signal's suspicion,
// the memory watcher's urgency, a timetable, a demand, and a previous run that
// ended without Stop.
package incident

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Task is the name of the tasks that take an event.
const Task = "capture"

// Config is what the options say about events.
type Config struct {
	Store     eventstore.Config
	Labels    map[string]string
	LabelFunc func() map[string]string // nil for none

	Text, FullStack, ToLogger bool // forms of profiles for people
	Compare                   bool // with the baseline

	Tick        time.Duration // the time between two samples of the black box, at least
	CrashOutput bool
}

// A Cause is why there is an event.
type Cause struct {
	Signal  detect.Signal
	Onset   time.Time // of the first suspicious sample
	Trigger event.Trigger
	Kinds   []event.Kind
	Context []event.Kind // taken at the verdict, for the diagnosis
	Stacks  float64      // CPU percent below which there are wall-clock stacks
}

// Delivery takes events over.
type Delivery interface {
	// Names returns the reporters that get an event now.
	Names() []string
	// Deliver takes over an event that is complete, and its files.
	Deliver(ev *event.Event, files *eventstore.Files)
}

// Incidents opens the events of one run.
type Incidents struct {
	Scope    *supervise.Scope
	Config   func() Config        // as it is now
	Taker    func() capture.Taker // within the configuration as it is now
	Store    *eventstore.Current
	IDs      *eventstore.IDs
	Baseline *baseline.Current
	Delivery Delivery
	Labels   *Labels
	Box      *BlackBox
	Counters *Counters
	Own      diagnose.Options // which code is the application's
}

// Counters counts events, over all runs of a Holmes.
type Counters struct {
	mu      sync.Mutex
	signals map[detect.Signal]Count
	last    atomic.Int64 // mono of the last event that a signal began, 0 for none
}

// A Count is the events of one signal.
type Count struct{ Suspected, Confirmed, Dismissed uint64 }

func (c *Counters) count(s detect.Signal, add Count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signals == nil {
		c.signals = map[detect.Signal]Count{}
	}
	n := c.signals[s]
	c.signals[s] = Count{n.Suspected + add.Suspected, n.Confirmed + add.Confirmed, n.Dismissed + add.Dismissed}
}

// Of returns the events of a signal so far.
func (c *Counters) Of(s detect.Signal) Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.signals[s]
}

// afterEvent is how long after an event nothing is taken for a baseline: what
// has risen may stay up, and its repetition must not be compared with itself.
const afterEvent = 10 * time.Minute

// Lately reports whether a signal began an event within the last ten minutes.
func (c *Counters) Lately(now time.Duration) bool {
	last := time.Duration(c.last.Load())
	return last != 0 && now-last < afterEvent
}
