package holmes

import (
	"time"

	"github.com/go-holmes/holmes/detect"
)

// A watcher looks at memory more closely than once a second, because a process
// that leaks fast is killed within one: after every collection, and the sooner
// the less time is left. It belongs to the mem signal, and its events skip the
// hold.
type watcher struct {
	run   *run
	trend detect.MemoryTrend
	limit detect.Limiter
	rush  *rush // under way, or nil

	safe time.Duration // until when memory cannot run out, however fast it grows
}

// watchStep is how much further, in points of the limit, memory must have
// grown for evidence to be taken again.
const watchStep = 5

// watchMemory is the watcher's goroutine.
func (r *run) watchMemory() {
	w := &watcher{run: r}
	wake, end := r.h.wakes()
	defer end()
	timer := time.NewTimer(latest)
	defer timer.Stop()
	for {
		select {
		case <-r.Stop:
			return
		case <-wake:
			if left := w.safe - r.Clock.Mono(); left > 0 {
				timer.Reset(left) // until then it cannot tell of any danger
				continue
			}
		case <-timer.C:
		}
		next := latest
		r.Bugs.Safely("memory watcher", func() { next = w.look() })
		timer.Reset(r.withTick(next))
	}
}

// withTick puts a look that is not urgent to where a tick is: to wake up a process
// costs several times as much as to look.
func (r *run) withTick(next time.Duration) time.Duration {
	if next < latest {
		return next
	}
	const end = latest + soonest // the last one up to here; two timers are never set at the same instant
	interval := r.h.cfg.Load().interval
	tick := time.Duration(r.due.Load()) - r.Clock.Mono()
	tick += max(end-tick, 0).Truncate(interval)
	if tick < soonest || tick > end {
		return next
	}
	return tick
}

// look takes one reading, begins what is due, and returns when to look again.
func (w *watcher) look() time.Duration {
	c := w.run.h.cfg.Load()
	sc := c.signals[SignalMem]
	if !sc.enabled || !c.watchMemory {
		return latest
	}
	m, err := w.run.meter.MemoryNow(&c.measure, w.run.Clock.Mono())
	if err != nil {
		return latest // the lane reports it
	}
	w.safe = m.At + safeFor(m.Room)
	o, sooner := w.trend.Add(m)
	if reason, fires := o.Judge(absOf(sc.rule, c)); fires {
		w.fire(c, o, reason)
	} else if w.limit.Fired && o.Percent() < w.limit.Reported-2*watchStep && m.At >= w.limit.CoolUntil {
		w.limit.Fired = false
	}
	return nextLook(sooner)
}

// absOf is the absolute threshold of the mem signal, which the watcher shares.
// The rule of mosn/holmes is applied to the letter, and a rule of the user's
// own has none that we know.
func absOf(r Rule, c *config) float64 {
	if t, ours := r.(Threshold); ours && !c.classic {
		return t.Abs
	}
	return 0
}

// fire begins an event, or refreshes the one under way. An absolute level
// counts once in a cool-down, and not where the lane has evidence; a forecast does not wait for that, since its
// process may not live that long.
func (w *watcher) fire(c *config, o detect.MemoryForecast, why Reason) {
	level := o.Percent()
	switch {
	case !w.limit.Armed(level, watchStep):
		return
	case w.rush.refresh(o):
		w.limit.Reported = level
		return
	case why.Code == CodeAbs && (o.At < w.limit.CoolUntil || w.run.covered(level)),
		w.run.vetoed.Load(), !w.affords(c, o.At, why):
		return
	}
	w.rush = w.run.hurry(c, o, why)
	w.limit.Reports(o.At, level, why.Code)
	w.limit.Cool(o.At, c.pace(c.signals[SignalMem].rule).CoolDown)
	select {
	case w.run.rushed <- level:
	default: // the lane has not heard of the last one yet
	}
}

func (w *watcher) affords(c *config, now time.Duration, why Reason) bool {
	w.limit.Budget = c.budget
	return w.limit.Affords(now, why.Code)
}

// covered reports whether the lane of the mem signal has evidence of this level
// already, or is about to.
func (r *run) covered(level float64) bool {
	for _, l := range *r.all.Load() {
		if l.signal == SignalMem {
			v := l.look()
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
