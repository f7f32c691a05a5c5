// Package incident implements the life of an event: it is opened for a cause, takes
// snapshots, has recordings beside it, and is concluded with a verdict, which
// diagnoses, writes and delivers it. The cause is the suspicion of a signal, the
// memory watcher, a timetable, a call of CaptureNow, or a previous run that ended
// without Stop.
package incident

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/brakes"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Task is the name of the tasks that capture an event.
const Task = "capture"

// Config is the options about events.
type Config struct {
	Store     eventstore.Config
	Labels    map[string]string
	LabelFunc func() map[string]string // nil for none

	Text, FullStack, ToLogger bool // of the text form of profiles
	// TextForm writes the text form, at most top stacks of it. Only the options that ask
	// for the form set it, so other programs do not link its code.
	TextForm func(w io.Writer, p *diagnose.Profile, top int) error
	Compare  bool // with the baseline

	Own diagnose.Options // which code is the application's

	Tick        time.Duration // interval of readings
	CrashOutput bool
}

// A Cause is why an event is opened. It belongs to the event then.
type Cause struct {
	Signal  detect.Signal
	Onset   time.Time // of the first suspicious sample
	Trigger event.Trigger
	Kinds   []event.Kind
	Context []event.Kind // taken at the verdict, for the diagnosis
	Stacks  float64      // CPU percent below which there are wall-clock stacks
}

// Delivery delivers events.
type Delivery interface {
	// Names returns the names of the reporters that get an event now.
	Names() []string
	// Deliver delivers a complete event. The event and its files belong to the
	// delivery from then on.
	Deliver(ev *event.Event, files *eventstore.Files)
}

// Incidents opens the events of one run.
type Incidents struct {
	Scope    *supervise.Scope
	Config   func() Config        // the current one
	Taker    func() capture.Taker // by the current configuration
	Store    *eventstore.Current
	IDs      *eventstore.IDs
	Baseline *baseline.Current
	Delivery Delivery
	Labels   *Labels
	Box      *BlackBox
	Counters *Counters
	Brakes   *brakes.Brakes
	Began    time.Duration // mono of the start
}

// Calm records, in a task of its own, that a signal is back to normal, so that the next
// event of it is a new one after a restart, too. It does not block.
func (in *Incidents) Calm(s detect.Signal) {
	in.Scope.Go("calm", func() {
		began := in.Scope.Clock.Wall().Add(in.Began - in.Scope.Clock.Mono())
		in.Brakes.Calm(in.LabelsNow()["service"], s, began)
	})
}

// Counters counts events, over all runs of a Holmes.
type Counters struct {
	mu      sync.Mutex
	signals map[detect.Signal]Count
	last    atomic.Int64 // mono of the last event of a signal, 0 for none
}

// A Count is how many events of one signal there were.
type Count struct{ Suspected, Confirmed, Dismissed uint64 }

func (c *Counters) count(s detect.Signal, add Count) {
	c.mu.Lock()
	if c.signals == nil {
		c.signals = map[detect.Signal]Count{}
	}
	n := c.signals[s]
	c.signals[s] = Count{n.Suspected + add.Suspected, n.Confirmed + add.Confirmed, n.Dismissed + add.Dismissed}
	c.mu.Unlock()
}

// Of returns how many events of a signal there were.
func (c *Counters) Of(s detect.Signal) Count {
	c.mu.Lock()
	n := c.signals[s]
	c.mu.Unlock()
	return n
}

// afterEvent is how long after an event no baseline is taken: a value that has risen
// may stay high, and the next event must not be compared with that.
const afterEvent = 10 * time.Minute

// Lately reports whether a signal had an event within the last ten minutes.
func (c *Counters) Lately(now time.Duration) bool {
	last := time.Duration(c.last.Load())
	return last != 0 && now-last < afterEvent
}
