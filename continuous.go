package holmes

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// A timetable says what is taken when nothing has happened.
type timetable struct {
	every, takes time.Duration
	kinds        []Kind
}

// WithContinuous takes an event of reason "continuous" once in every period,
// whatever the signals say, and gives it to the reporters like any other: for
// those who want to compare versions, or keep what is normal, in a collector.
// Its CPU profile, and all else that lasts, is of duration. No kind means cpu,
// heap and goroutine.
//
// Each is taken at a random moment of its period, so that the instances of a
// service do not profile at the same time. The heap is taken once, without a
// forced collection. Where another holds the CPU profiler, the event says so and
// has the other kinds. On disk these events make room for all others, and they
// are logged at debug level.
//
// Every is at least 10 s and more than duration; 0 and 0 turn it off, which is
// the default. What it costs is what the profiles cost: a CPU profile about
// 1 % of the CPU time in use while it is taken.
func WithContinuous(every, duration time.Duration, kinds ...Kind) Option {
	return option{"WithContinuous", func(c *config) error {
		if every == 0 && duration == 0 && len(kinds) == 0 {
			c.continuous = nil
			return nil
		}
		t := &timetable{every: every, takes: duration, kinds: slices.Clone(kinds)}
		if len(kinds) == 0 {
			t.kinds = []Kind{KindCPU, KindHeap, KindGoroutine}
		}
		c.continuous = t
		return t.validate()
	}}
}

const minPeriod = 10 * time.Second

func (t *timetable) validate() error {
	switch {
	case t.every < minPeriod:
		return fmt.Errorf("every %v: must be at least %v, or 0 with a duration of 0 to turn it off", t.every, minPeriod)
	case t.takes <= 0 || t.takes >= t.every:
		return fmt.Errorf("duration %v: must be above 0 and below every, which is %v", t.takes, t.every)
	}
	return checkKinds(t.kinds)
}

// checkKinds returns an error unless all kinds are known.
func checkKinds(kinds []Kind) error {
	for _, k := range kinds {
		if _, ok := captures[k]; !ok {
			return fmt.Errorf("kind %q is unknown", k)
		}
	}
	return nil
}

// keepTimetable takes one event in every period, at a random moment that leaves time
// for it to end within.
func (r *run) keepTimetable(ctx context.Context, t *timetable) {
	for period := r.Clock.Mono(); ; period += t.every {
		spare := t.every - t.takes
		r.Pass(ctx, period+r.h.upTo(spare)-r.Clock.Mono())
		if ctx.Err() != nil || r.Stopping() {
			return
		}
		r.Bugs.Safely("timetable", func() { r.captureRoutine(ctx, t) })
		r.Pass(ctx, period+t.every-r.Clock.Mono())
		if now := r.Clock.Mono(); now-period >= 2*t.every {
			period = now - t.every // periods that were missed altogether are not made up for
		}
	}
}

// upTo is a random time from 0 to d.
func (h *Holmes) upTo(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(h.random()) / (1 << 32))
}

// captureRoutine takes one event of a timetable. One without any profile is not
// worth to be told of.
func (r *run) captureRoutine(ctx context.Context, t *timetable) {
	if !r.Tasks.Enter(captureWork) {
		return
	}
	defer r.Tasks.Leave(captureWork)
	at := r.Clock.Wall()
	f := &finding{
		signal: event.SignalContinuous, kinds: t.kinds, onset: at,
		trigger: Trigger{Sample: Sample{Signal: event.SignalContinuous, At: at}, Reason: Reason{Code: CodeContinuous}},
	}
	d := r.openDossier(r.h.cfg.Load(), f, StateSuspected)
	d.snapshots(t.kinds)
	r.captureFor(ctx, d, t.kinds, t.takes)
	if !slices.ContainsFunc(d.ev.Profiles, func(p Profile) bool { return p.Captured() }) {
		r.Log.OnCause("timetable", "WithContinuous: no profile: %s", d.ev.WhyEmpty())
		r.h.store.Report("event "+d.ev.ID, d.files.Discard())
		return
	}
	d.conclude(f, StateConfirmed)
	r.h.stats.confirmed(f.signal)
	d.deliver()
}
