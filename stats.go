package holmes

import (
	"time"

	"github.com/go-holmes/holmes/event"
)

// Stats is the statistics of a [Holmes]. Unless a field says otherwise, counters are
// since New.
type Stats struct {
	Running bool
	// Err is the error of New, if h is inert.
	Err error
	// Uptime is the time since Start; Ticks and Late count the ticks that were run
	// and missed since then. All are 0 while not running.
	Uptime time.Duration
	Ticks  uint64
	Late   uint64
	// Off is true if [FromEnv] has turned holmes off. Paused is how much is left of a
	// [Holmes.Pause].
	Off    bool
	Paused time.Duration
	// Signals are in the order of the table in the documentation, users' signals
	// last. Empty while not running.
	Signals []SignalStats
	// Limits are what 100 % of the signals is.
	Limits    LimitStats
	Reporters []ReporterStats
	// Continuous counts the events of [WithContinuous].
	Continuous uint64
	Baseline   BaselineStats
	Dump       DumpStats
	Cost       CostStats
	// LabelPanics and LoggerPanics count the panics of the functions of
	// [WithLabelFunc] and [WithLogger].
	LabelPanics, LoggerPanics uint64
	// LogDropped counts messages that were dropped because the logger was too slow.
	LogDropped uint64
	// Bugs counts panics in holmes's own code, which are recovered and logged.
	Bugs uint64
}

// CostStats is the cost of holmes to its host.
type CostStats struct {
	// Ticks counts ticks, and TickTime is the time that they took, which is at least
	// their CPU time.
	Ticks    uint64
	TickTime time.Duration
	// Captures counts profiles taken or tried. CPU profiles are excluded; their cost
	// is that of the runtime's profiler. CaptureTime is by the clock, CaptureCPU is
	// the CPU time of their goroutines, which is known on Linux. Both include the
	// verdicts, as does CaptureAllocBytes.
	Captures                uint64
	CaptureTime, CaptureCPU time.Duration
	// CaptureBytes is the size of the profiles. CaptureAllocBytes is what the process
	// allocated meanwhile, and Stopped how long the world was stopped, collections
	// excluded: upper bounds, because the application has a part in both.
	CaptureBytes      int64
	CaptureAllocBytes uint64
	Stopped           time.Duration
	// ForcedGC counts the collections that holmes forced.
	ForcedGC uint64
}

// SignalStats is the statistics of one signal.
type SignalStats struct {
	Signal  Signal
	Enabled bool
	// Value, Limit and Mean are of the latest reading; see [Sample].
	Value, Limit, Mean float64
	// State is "calm", "suspected", "cooling", "warming" or "disabled".
	State string
	// WhyNot says in one sentence why there is no event now.
	WhyNot string
	// Err is why the latest reading failed, and nil if it did not.
	Err error
	// Suspected counts events that were begun, Confirmed those that were reported,
	// unconfirmed ones included, and Dismissed the near misses.
	Suspected, Confirmed, Dismissed uint64
	// Panics counts panics of the user's source.
	Panics uint64
}

// LimitStats has the limits that the percentages of the signals are of, as of the latest
// tick. All are zero while not running.
type LimitStats struct {
	// CPU is that of cpu, in cores.
	CPU LimitStat
	// Memory is that of mem, and Heap that of gcheap, in bytes.
	Memory, Heap LimitStat
}

// LimitStat is a limit and what sets it.
type LimitStat struct {
	// Value is 0 if no limit is known.
	Value float64
	// From is "cgroup quota", "affinity mask", "GOMAXPROCS" or the option [WithCPUCore]
	// for CPU; for memory a file of a cgroup, such as "memory.max of the cgroup /app",
	// "the machine", "RLIMIT_AS", "RLIMIT_DATA", the option [WithMemoryLimit], or for the
	// heap "GOMEMLIMIT".
	From string
}

// ReporterStats is the statistics of one reporter.
type ReporterStats struct {
	Name string
	// Waiting is how many events are queued, the one being reported included.
	Waiting int
	// Offered counts the events that were queued, those of other processes included.
	// It is the sum of Delivered, Waiting and all of Dropped.
	Offered uint64
	// Failing is how many calls in a row have failed. From 5 on, each event is tried
	// once in its turn, until one is delivered.
	Failing int
	// Attempts counts calls of Report, Delivered events that were delivered, and
	// Dropped events that were given up, by reason: "queue full" (that in memory),
	// "refused" (see [Permanent]), "gave up" (too old), "no space" (needed for other
	// events), "gone" (removed by other means), "taken over" (by another process) and
	// "damaged".
	Attempts, Delivered uint64
	Dropped             map[string]uint64
	// Panics counts calls that panicked. Resting is true while the reporter is not
	// called because of five panics in a row.
	Panics  uint64
	Resting bool
	// Held is how long the present call has taken, and 0 between calls.
	Held time.Duration
	// LastErr is the error of the latest call, if it failed.
	LastErr error
}

// BaselineStats is the statistics of the baseline; see [WithBaseline].
type BaselineStats struct {
	// Rounds counts the rounds that were kept. At is the time of the latest one, which
	// may be of an earlier run of the same build, and zero if there is no baseline.
	Rounds uint64
	At     time.Time
	// CPU is the CPU time of all rounds, kept or not.
	CPU time.Duration
	// Err is why a profile is missing from the latest round.
	Err error
}

// DumpStats is the statistics of the dump path.
type DumpStats struct {
	// Dir is the directory of the events.
	Dir string
	// Err is why the dump path cannot be used, if it cannot.
	Err error
	// Events and Bytes are the contents, of all processes that share it, when they
	// were read last: a second after an event of this process, and once a minute.
	Events int
	Bytes  int64
	// MaxBytes is how many bytes the events may take now: that of [WithDumpLimits] or,
	// if OnTmpfs, at most 5 % of the memory limit and of the memory that is free. On
	// tmpfs and ramfs files count as memory of the process.
	MaxBytes int64
	OnTmpfs  bool
	// Waiting is how many of the events wait for a reporter, Damaged how many are
	// not delivered because their files have changed since they were written.
	Waiting, Damaged int
	// Unclaimed counts events of other processes that were removed, for their space
	// or their age, before they were delivered.
	Unclaimed int
	// InMemory is how many events of this process wait in memory, because the disk
	// refused them or a part of them.
	InMemory int
	// Hung is how many operations on the disk have taken longer than 3 seconds. While
	// it is not 0, the disk counts as one that does not answer: Err says so, and events
	// are kept in memory.
	Hung int
}

// Stats returns the statistics. It does not wait for a reading, a capture or a
// reporter, and does not touch the disk.
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
	s.Off, s.Paused = c.off, max(c.monitor.Paused-h.clock.Mono(), 0)
	r := h.current.Load()
	if r == nil {
		return s
	}
	s.Running, s.Uptime = true, h.clock.Mono()-r.began
	s.Ticks, s.Late = r.monitor.Ticks()
	limits := r.monitor.Meter.Limits(&c.measure)
	s.Limits = LimitStats{CPU: LimitStat(limits.CPU), Memory: LimitStat(limits.Memory), Heap: LimitStat(limits.Heap)}
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
	dir, u, hung, err := h.store.Usage()
	held, _ := h.delivery.InMemory()
	most, volatile := h.store.Bound(h.cfg.Load().store)
	return DumpStats{
		Dir: dir, Err: err, Events: u.Events, Bytes: u.Bytes, MaxBytes: most, OnTmpfs: volatile,
		Waiting: u.Waiting, Damaged: u.Damaged, Unclaimed: u.Unclaimed, InMemory: held, Hung: hung,
	}
}

// WhyNot says in one sentence why there is no event of a signal now.
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
