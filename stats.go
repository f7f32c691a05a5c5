package holmes

import (
	"time"

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

// BaselineStats is what holmes knows of what is normal: see [WithBaseline].
type BaselineStats struct {
	// Rounds counts those that were kept. At is when the latest was, and zero
	// when there is nothing to compare events with; it may be before the start,
	// of an earlier run of the same build.
	Rounds uint64
	At     time.Time
	// CPU is the CPU time that rounds took, kept or not.
	CPU time.Duration
	// Err is what was missing from the latest.
	Err error
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

// Stats returns what holmes sees and has done. It never blocks on a reading, a
// capture or a reporter.
func (h *Holmes) Stats() Stats {
	c := h.config()
	if c == nil {
		return Stats{Err: h.usable()}
	}
	s := Stats{
		Dump: h.dumpStats(), Cost: h.costStats(), Baseline: BaselineStats(h.baseline.Stats()),
		Continuous: h.events.Of(event.SignalContinuous).Confirmed,
		LogDropped: h.log.Dropped(), LoggerPanics: h.log.Panics(), LabelPanics: h.labels.Panics(), Bugs: h.bugs.Count(),
	}
	for _, r := range h.delivery.Stats() {
		s.Reporters = append(s.Reporters, ReporterStats(r))
	}
	r := h.current.Load()
	if r == nil {
		return s
	}
	s.Running, s.Uptime = true, h.clock.Mono()-r.began
	s.Ticks, s.Late = r.monitor.Ticks()
	for _, v := range r.monitor.Views() {
		n := h.events.Of(v.Signal)
		s.Signals = append(s.Signals, SignalStats{
			Signal: v.Signal, Enabled: v.Enabled, Value: v.Value, Limit: v.Limit, Mean: v.Mean,
			State: v.State, WhyNot: v.WhyNot, Err: v.Err, Panics: v.Panics,
			Suspected: n.Suspected, Confirmed: n.Confirmed, Dismissed: n.Dismissed,
		})
	}
	return s
}

func (h *Holmes) costStats() CostStats {
	c := h.captures.Counters()
	return CostStats{
		Ticks: h.ticks.Ticks.Load(), TickTime: time.Duration(h.ticks.TickTime.Load()),
		Captures: c.Captures, CaptureTime: c.Time, CaptureCPU: c.CPU,
		CaptureBytes: c.Bytes, CaptureAllocBytes: c.Allocs, Stopped: c.Stopped, ForcedGC: c.ForcedGC,
	}
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
	for _, v := range r.monitor.Views() {
		if v.Signal == s {
			return v.WhyNot
		}
	}
	return "no signal is named " + string(s)
}
