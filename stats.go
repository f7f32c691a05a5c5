package holmes

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

// Stats is what a [Holmes] saw, did, dropped and cost since it was made.
type Stats struct {
	Running bool
	// Err is why New failed, of an inert Holmes.
	Err error
	// Uptime is the time since Start, of the present run; Ticks and Late count
	// readings taken and readings missed in it.
	Uptime time.Duration
	Ticks  uint64
	Late   uint64
	// Signals are in the order of the table in the documentation, the user's
	// own last. Empty while not running.
	Signals   []SignalStats
	Reporters []ReporterStats
	// Continuous counts the events of [WithContinuous].
	Continuous uint64
	Baseline   BaselineStats
	Dump       DumpStats
	Cost       CostStats
	// LabelPanics and LoggerPanics count what the user's functions did.
	LabelPanics, LoggerPanics uint64
	// LogDropped counts messages that a slow logger did not take.
	LogDropped uint64
	// Bugs counts panics of holmes's own code, caught and logged.
	Bugs uint64
}

// CostStats is what holmes cost its host since it was made.
type CostStats struct {
	// Ticks is how many ticks TickTime is of: the time from their beginning to
	// their end, which is at least their CPU time. A tick allocates nothing
	// while nothing is suspected, and stops nothing.
	Ticks    uint64
	TickTime time.Duration
	// Captures counts profiles taken or tried, CPU profiles aside, which cost
	// what the runtime's profiler does. CaptureTime is by the clock,
	// CaptureCPU the CPU time of their own goroutine, known on Linux.
	Captures                uint64
	CaptureTime, CaptureCPU time.Duration
	// CaptureBytes is what was written. CaptureAllocBytes is what the process
	// allocated meanwhile, and Stopped how long its world was stopped, but for
	// collections: upper bounds, since the application may have had a part.
	CaptureBytes      int64
	CaptureAllocBytes uint64
	Stopped           time.Duration
	// ForcedGC counts the collections that holmes asked for.
	ForcedGC uint64
}

// SignalStats is one signal.
type SignalStats struct {
	Signal  Signal
	Enabled bool
	// Value, Limit and Mean are of the latest reading; see [Sample].
	Value, Limit, Mean float64
	// State is "calm", "suspected", "cooling" or "warming".
	State string
	// WhyNot says in a sentence why there is no event right now.
	WhyNot string
	// Err is why the latest reading failed.
	Err error
	// Suspected counts events begun, Confirmed those reported, Dismissed the
	// near misses.
	Suspected, Confirmed, Dismissed uint64
	// Panics counts panics of the user's source.
	Panics uint64
}

// ReporterStats is one reporter.
type ReporterStats struct {
	Name string
	// Waiting is how many events are queued, the one being reported included.
	Waiting int
	// Offered counts the events that were queued, those that other processes
	// left included: it is always Delivered, Waiting and all of Dropped.
	Offered uint64
	// Failing is how many calls in a row have failed. From 5 on, only one event
	// is tried now and then, until one gets through.
	Failing int
	// Attempts counts calls of Report, Delivered those that brought an event
	// home, Dropped the events that were given up, by reason.
	Attempts, Delivered uint64
	Dropped             map[string]uint64
	// Panics counts calls that panicked. Resting is true while the reporter is
	// switched off for it.
	Panics  uint64
	Resting bool
	// Held is how long the present call has taken, and 0 between calls.
	Held time.Duration
	// LastErr is how the latest call failed, if it did.
	LastErr error
}

// DumpStats is the evidence store.
type DumpStats struct {
	// Dir is where the events lie.
	Dir string
	// Err is why the dump path cannot be used, if it cannot.
	Err error
	// Events and Bytes are what is there, of all processes that share it.
	Events int
	Bytes  int64
	// Waiting is how many of them some reporter has not got, Damaged how many
	// are set aside because their files are not what was written.
	Waiting, Damaged int
	// Unclaimed counts events that other processes left and that were removed,
	// for their space or their age, before anybody delivered them.
	Unclaimed int
	// InMemory is how many events of this process wait in memory, since the
	// disk refused them or a part of them.
	InMemory int
}

// tally counts over all runs of a Holmes.
type tally struct {
	costTally

	ticks    atomic.Uint64
	tickTime atomic.Int64

	eventsMu sync.Mutex
	events   map[Signal]*counts
}

type counts struct{ suspected, confirmed, dismissed uint64 }

func (t *tally) suspected(s Signal) { t.count(s, func(c *counts) { c.suspected++ }) }
func (t *tally) confirmed(s Signal) { t.count(s, func(c *counts) { c.confirmed++ }) }
func (t *tally) dismissed(s Signal) { t.count(s, func(c *counts) { c.dismissed++ }) }

func (t *tally) count(s Signal, add func(*counts)) {
	t.eventsMu.Lock()
	defer t.eventsMu.Unlock()
	if t.events == nil {
		t.events = map[Signal]*counts{}
	}
	if t.events[s] == nil {
		t.events[s] = &counts{}
	}
	add(t.events[s])
}

func (t *tally) of(s Signal) (c counts) {
	t.count(s, func(now *counts) { c = *now })
	return c
}

// Stats returns what holmes sees and has done. It never blocks on a reading, a
// capture or a reporter.
func (h *Holmes) Stats() Stats {
	c := h.config()
	if c == nil {
		return Stats{Err: h.usable()}
	}
	s := Stats{
		Dump: h.dumpStats(), LogDropped: h.log.Dropped(), LoggerPanics: h.log.Panics(),
		Baseline:    h.normal.tell(),
		Continuous:  h.stats.of(event.SignalContinuous).confirmed,
		LabelPanics: h.labelGuard.Panics(), Bugs: h.bugs.Count(), Cost: h.stats.look(),
	}
	s.Cost.Ticks, s.Cost.TickTime = h.stats.ticks.Load(), time.Duration(h.stats.tickTime.Load())
	now := h.clock.Mono()
	for _, r := range h.delivery.Stats() {
		s.Reporters = append(s.Reporters, ReporterStats(r))
	}
	r := h.current.Load()
	if r == nil {
		return s
	}
	s.Running, s.Uptime, s.Ticks, s.Late = true, now-r.since, r.ticks.Load(), r.late.Load()
	for _, l := range *r.all.Load() {
		s.Signals = append(s.Signals, h.signalStats(l, c, now))
	}
	return s
}

func (h *Holmes) dumpStats() DumpStats {
	dir, u, err := h.store.Usage()
	held, _ := h.delivery.InMemory()
	return DumpStats{
		Dir: dir, Err: err, Events: u.Events, Bytes: u.Bytes,
		Waiting: u.Waiting, Damaged: u.Damaged, Unclaimed: u.Unclaimed, InMemory: held,
	}
}

// WhyNot says in one sentence why there is no event of a signal right now.
func (h *Holmes) WhyNot(s Signal) string {
	if err := h.usable(); err != nil {
		return err.Error()
	}
	r := h.current.Load()
	if r == nil {
		return ErrNotRunning.Error()
	}
	for _, l := range *r.all.Load() {
		if l.signal == s {
			return l.look().whyNot(s, h.clock.Mono())
		}
	}
	return "no signal is named " + string(s)
}

func (h *Holmes) signalStats(l *lane, c *config, now time.Duration) SignalStats {
	v, n := l.look(), h.stats.of(l.signal)
	s := SignalStats{
		Signal: l.signal, Enabled: v.enabled, Value: v.sample.Value, Limit: v.sample.Limit, Mean: v.fast.Mean,
		State: v.state(now), WhyNot: v.whyNot(l.signal, now), Err: v.err,
		Suspected: n.suspected, Confirmed: n.confirmed, Dismissed: n.dismissed,
	}
	if e := c.signals[l.signal].source; e != nil {
		s.Panics = e.guard.Panics()
	}
	return s
}

func (v laneView) suspects() bool { return v.fast.Active || (v.hasSlow && v.slow.Active) }

func (v laneView) state(now time.Duration) string {
	if v.suspects() {
		return detect.StateSuspected
	}
	return v.fast.State(now, v.read)
}
