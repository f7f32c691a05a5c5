package monitor

import (
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/incident"
)

// A watcher reads memory more often than once a second, because a process that leaks
// fast is killed within a second: after every collection, and the sooner the less time
// is left. It belongs to the mem signal. Its events skip the hold.
type watcher struct {
	m     *Monitor
	trend detect.MemoryTrend
	limit detect.Limiter
	event *incident.Urgent // under way, or nil

	refused time.Duration // until then no event would be reported

	safe time.Duration // until then memory cannot run out, however fast it grows
}

// watchStep is by how many percent points of the limit memory must have grown for
// another heap profile.
const watchStep = 5

// watchMemory runs the watcher.
func (m *Monitor) watchMemory() {
	w := &watcher{m: m}
	wake, end := m.Wakes()
	defer end()
	timer := time.NewTimer(latest)
	defer timer.Stop()
	for {
		select {
		case <-m.Scope.Stop:
			return
		case <-wake:
			if left := w.safe - m.Scope.Clock.Mono(); left > 0 {
				timer.Reset(left)
				continue
			}
		case <-timer.C:
		}
		next := latest
		m.Scope.Bugs.Safely("memory watcher", func() { next = w.read() })
		timer.Reset(m.withTick(next))
	}
}

// withTick moves a reading that is not urgent to the time of a tick, because waking the
// process costs several times as much as a reading.
func (m *Monitor) withTick(next time.Duration) time.Duration {
	if next < latest {
		return next
	}
	const end = latest + soonest // two timers are never set at the same instant
	interval := m.Config().Interval
	tick := time.Duration(m.due.Load()) - m.Scope.Clock.Mono()
	tick += max(end-tick, 0).Truncate(interval)
	if tick < soonest || tick > end {
		return next
	}
	return tick
}

// read takes one reading, judges it, and returns the time to the next one.
func (w *watcher) read() time.Duration {
	c := w.m.Config()
	s := c.Signals[detect.SignalMem]
	if !s.Enabled || !c.WatchMemory {
		return latest
	}
	reading, err := w.m.Meter.MemoryNow(&c.Measure, w.m.Scope.Clock.Mono())
	if err != nil {
		return latest // the loop reports it
	}
	w.safe = reading.At + safeFor(reading.Room)
	w.hear(reading.At)
	f, sooner := w.trend.Add(reading)
	if reason, fires := f.Judge(absOf(s.Rule, c)); fires {
		w.fire(c, f, reason)
	} else if w.limit.Fired && f.Percent() < w.limit.Reported-2*watchStep && reading.At >= w.limit.CoolUntil {
		w.limit.Fired = false
	}
	return nextReading(sooner)
}

// absOf returns the absolute threshold of the mem signal, which the watcher shares,
// and 0 for a user's rule and for mosn/holmes's, which has no watcher.
func absOf(r detect.Rule, c *Config) float64 {
	if t, ours := r.(detect.Threshold); ours && !c.Classic {
		return t.Abs
	}
	return 0
}

// fire begins an event, or refreshes the present one. An absolute level counts once in a
// cool-down, and not if the signal has evidence already, was refused, is being judged or in
// a pause. A forecast has none of these, because the process may not live that long.
func (w *watcher) fire(c *Config, f detect.MemoryForecast, why detect.Reason) {
	if why.Code == detect.CodeAbs {
		if !w.m.memory.TryLock() {
			return // until the next reading
		}
		defer w.m.memory.Unlock()
	}
	level := f.Percent()
	w.limit.Budget = c.Budget
	switch {
	case !w.limit.Armed(level, watchStep), f.At < w.refused:
		return
	case w.event.Refresh(f):
		w.limit.Reported = level
		return
	case why.Code == detect.CodeAbs && (f.At < c.Paused || f.At < w.limit.CoolUntil || w.m.covered(f.At, level)),
		f.At >= c.Paused && w.m.vetoed.Load(), !w.limit.Allows(f.At, why.Code):
		return
	}
	w.event = w.begin(c, f, why)
	w.limit.Report(f.At, level, why.Code)
	w.limit.Cool(f.At, c.pace(c.Signals[detect.SignalMem].Rule).CoolDown)
	w.tell(preemption{level: level})
}

// hear takes over that the last event was not reported.
func (w *watcher) hear(now time.Duration) {
	if r := w.event.Refusal(); r != nil {
		w.event, w.refused = nil, now+r.For
		w.limit.Refuse(now, r)
		w.tell(preemption{refused: r})
	}
}

func (w *watcher) tell(p preemption) {
	select {
	case w.m.preempted <- p:
	default: // the loop has not read the last ones yet
	}
}

// stepMemory takes the mem signal through a tick, after what the watcher has begun. While
// it judges a level, the watcher begins no event of one, so that a level has one event.
func (m *Monitor) stepMemory(s *signalMonitor, t tick) {
	m.memory.Lock()
	defer m.memory.Unlock()
	for len(m.preempted) > 0 {
		s.preempt(t.now, <-m.preempted)
	}
	s.step(t)
}

func (w *watcher) begin(c *Config, f detect.MemoryForecast, why detect.Reason) *incident.Urgent {
	at := w.m.Scope.Clock.Wall()
	s := detect.Sample{Signal: detect.SignalMem, Value: f.Percent(), Limit: float64(f.Limit), At: at}
	return w.m.Incidents.Urgent(&incident.Cause{
		Signal: detect.SignalMem, Kinds: c.Signals[detect.SignalMem].Kinds, Onset: at,
		Trigger: event.Trigger{Sample: s, Reason: why},
	}, f)
}

// covered reports whether the mem signal has evidence of this level already, suspects it,
// or would not be reported.
func (m *Monitor) covered(now time.Duration, level float64) bool {
	for _, s := range *m.all.Load() {
		if s.signal == detect.SignalMem {
			v := s.latest()
			return v.suspects() || v.fast.Refused(now) || (!v.fast.Armed && level < v.fast.Reported+watchStep)
		}
	}
	return false
}

// The limits of the time between two readings. A quarter of the time that is left gives
// four readings before the end; below 10 ms rates are noise, and a second is the tick.
const (
	soonest = 10 * time.Millisecond
	latest  = time.Second
)

// fastest is more than a process can allocate from the kernel, in bytes a second: the
// kernel clears each page first, at 1 to 2 GB/s where it was measured (oom-table).
const fastest = 4 << 30

// safeFor returns how long a sixteenth of the room lasts at the least. A service that
// collects a hundred times a second and has much room is not read that often.
func safeFor(room uint64) time.Duration {
	return time.Duration(min(float64(room)/16/fastest, latest.Seconds()) * float64(time.Second))
}

// nextReading returns the time to the next reading.
func nextReading(left time.Duration) time.Duration { return min(max(left/4, soonest), latest) }
