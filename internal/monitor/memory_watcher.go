package monitor

import (
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/incident"
)

// A watcher looks at memory more closely than once a second, because a process
// that leaks fast is killed within one: after every collection, and the sooner
// the less time is left. It belongs to the mem signal, and its events skip the
// hold.
type watcher struct {
	m     *Monitor
	trend detect.MemoryTrend
	limit detect.Limiter
	event *incident.Urgent // under way, or nil

	safe time.Duration // until when memory cannot run out, however fast it grows
}

// watchStep is how much further, in points of the limit, memory must have
// grown for evidence to be taken again.
const watchStep = 5

// watchMemory is the watcher's goroutine.
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
				timer.Reset(left) // until then it cannot tell of any danger
				continue
			}
		case <-timer.C:
		}
		next := latest
		m.Scope.Bugs.Safely("memory watcher", func() { next = w.look() })
		timer.Reset(m.withTick(next))
	}
}

// withTick puts a look that is not urgent to where a tick is: to wake up a process
// costs several times as much as to look.
func (m *Monitor) withTick(next time.Duration) time.Duration {
	if next < latest {
		return next
	}
	const end = latest + soonest // the last one up to here; two timers are never set at the same instant
	interval := m.Config().Interval
	tick := time.Duration(m.due.Load()) - m.Scope.Clock.Mono()
	tick += max(end-tick, 0).Truncate(interval)
	if tick < soonest || tick > end {
		return next
	}
	return tick
}

// look takes one reading, begins what is due, and returns when to look again.
func (w *watcher) look() time.Duration {
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
	f, sooner := w.trend.Add(reading)
	if reason, fires := f.Judge(absOf(s.Rule, c)); fires {
		w.fire(c, f, reason)
	} else if w.limit.Fired && f.Percent() < w.limit.Reported-2*watchStep && reading.At >= w.limit.CoolUntil {
		w.limit.Fired = false
	}
	return nextLook(sooner)
}

// absOf is the absolute threshold of the mem signal, which the watcher shares.
// The rule of mosn/holmes is applied to the letter, and a rule of the user's
// own has none that is known.
func absOf(r detect.Rule, c *Config) float64 {
	if t, ours := r.(detect.Threshold); ours && !c.Classic {
		return t.Abs
	}
	return 0
}

// fire begins an event, or refreshes the one under way. An absolute level
// counts once in a cool-down, and not where the signal has evidence already. A
// forecast does not wait for that, since its process may not live that long.
func (w *watcher) fire(c *Config, f detect.MemoryForecast, why detect.Reason) {
	level := f.Percent()
	switch {
	case !w.limit.Armed(level, watchStep):
		return
	case w.event.Refresh(f):
		w.limit.Reported = level
		return
	case why.Code == detect.CodeAbs && (f.At < w.limit.CoolUntil || w.m.covered(level)),
		w.m.vetoed.Load(), !w.affords(c, f.At, why):
		return
	}
	w.event = w.begin(c, f, why)
	w.limit.Reports(f.At, level, why.Code)
	w.limit.Cool(f.At, c.pace(c.Signals[detect.SignalMem].Rule).CoolDown)
	select {
	case w.m.preempted <- level:
	default: // the loop has not heard of the last one yet
	}
}

func (w *watcher) begin(c *Config, f detect.MemoryForecast, why detect.Reason) *incident.Urgent {
	at := w.m.Scope.Clock.Wall()
	s := detect.Sample{Signal: detect.SignalMem, Value: f.Percent(), Limit: float64(f.Limit), At: at}
	return w.m.Incidents.Urgent(incident.Cause{
		Signal: detect.SignalMem, Kinds: c.Signals[detect.SignalMem].Kinds, Onset: at,
		Trigger: event.Trigger{Sample: s, Reason: why},
	}, f)
}

func (w *watcher) affords(c *Config, now time.Duration, why detect.Reason) bool {
	w.limit.Budget = c.Budget
	return w.limit.Affords(now, why.Code)
}

// covered reports whether the mem signal has evidence of this level
// already, or is about to.
func (m *Monitor) covered(level float64) bool {
	for _, s := range *m.all.Load() {
		if s.signal == detect.SignalMem {
			v := s.look()
			return v.suspects() || (!v.fast.Armed && level < v.fast.Reported+watchStep)
		}
	}
	return false
}

// Between two looks. A quarter of the time that is left gives four of them
// before the end; below 10 ms rates are noise, and a second is the tick.
const (
	soonest = 10 * time.Millisecond
	latest  = time.Second
)

// fastest is more than a process can take of memory that it never had, in bytes
// a second: the kernel clears each page first, at 1 to 2 GB/s where it was measured
// (oom-table).
const fastest = 4 << 30

// safeFor is how long a sixteenth of the room lasts at the least. A service that
// collects a hundred times a second and has much room need not be looked at as
// often.
func safeFor(room uint64) time.Duration {
	return time.Duration(min(float64(room)/16/fastest, latest.Seconds()) * float64(time.Second))
}

// nextLook is when to look again.
func nextLook(left time.Duration) time.Duration { return min(max(left/4, soonest), latest) }
