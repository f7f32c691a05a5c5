package holmes

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A run is one time from Start to Stop, and owns every goroutine in it:
//
//	the loop      one tick an interval, all built-in lanes
//	the watcher   memory between two ticks
//	a goroutine   for each signal of the user's, since its source may block
//	two more      what is taken by timetable, and what is normal
//	an inquiry    for each event under way, and its CPU profile
//	a sender      for each reporter, and a keeper of the events on disk
//	the logbook's
//
// Stopping goes down that list: no more readings, captures end with what they
// have, senders try once more, the log is written.
type run struct {
	*supervise.Scope                 // loop, sources, inquiries
	senders          supervise.Scope // of reporters; told to stop when they should try once more and end
	logging          supervise.Scope // told to stop when the log has had its last line

	h       *Holmes
	changed chan struct{} // holds one: the config is another
	rushed  chan float64  // holds one: the level that the memory watcher has reported

	past flightLog

	cfg     *config // of the loop
	meter   *measure.Meter
	lanes   []*lane
	sources []*sourceLane
	sending *delivery.Run
	shrink  shrinker
	disarm  func()   // of the locks, nil while they are not armed
	steady  [2]shift // continuous profiles, and what is normal

	all    atomic.Pointer[[]*lane] // for Stats
	vetoed atomic.Bool             // as of the last tick
	due    atomic.Int64            // when the next tick is, by clock.mono

	ticks atomic.Uint64
	late  atomic.Uint64
	since time.Duration

	// Each ends a scope; cancel ends the context of all.
	stop, flush, endLog func()
	cancel              context.CancelFunc
}

// captureWork is the name of the tasks that take an event.
const captureWork = "capture"

// loop is the heartbeat.
func (r *run) loop() {
	defer r.meter.Close()
	defer r.disarmLocks()
	r.meter.Refresh(r.Clock.Mono(), &r.cfg.measure) // the first half of the first rate
	last := r.Clock.Mono()
	timer := time.NewTimer(r.cfg.interval)
	defer timer.Stop()
	for {
		select {
		case <-r.Stop:
			return
		case <-r.changed:
			r.reconfigure()
		case level := <-r.rushed:
			r.builtinLane(SignalMem).overtaken(r.Clock.Mono(), level)
		case <-timer.C:
			last = r.beat(last)
		}
		// From the last tick on, so that no number of changes puts off the next.
		r.due.Store(int64(last + r.cfg.interval))
		timer.Reset(last + r.cfg.interval - r.Clock.Mono())
	}
}

// beat runs one tick and returns when it was due. Ticks that were missed
// altogether are counted and not made up for.
func (r *run) beat(last time.Duration) time.Duration {
	now := r.Clock.Mono()
	due := last + r.cfg.interval
	if late := now - due; late >= r.cfg.interval {
		r.late.Add(uint64(late / r.cfg.interval))
		due = now
	}
	r.Bugs.Safely("tick", func() { r.tick(now, due) })
	return due
}

// tick reads everything and steps every lane. It allocates nothing while
// nothing is suspected. Rates are over the real time since the last reading;
// rules are judged at the time that the tick was due, so that ten ticks of a
// second are ten seconds and not a hair less.
func (r *run) tick(now, due time.Duration) {
	at := r.Clock.Wall()
	c := r.cfg
	r.meter.Refresh(now, &c.measure)
	r.h.waits.locks.Settle()
	veto := r.veto(c)
	r.vetoed.Store(veto != "")
	for _, l := range r.lanes {
		l.step(due, at, veto)
	}
	for _, s := range r.sources {
		s.wake(beat{now: due, at: at, veto: veto, cfg: c})
	}
	if c.shrink.enabled {
		r.shrinkThreads(due, c)
	}
	r.record(due, at, c)
	r.ticks.Add(1)
	r.h.stats.ticks.Add(1)
	r.h.stats.tickTime.Add(int64(r.Clock.Mono() - now))
}

// veto is why no event may begin now, whatever the rules say.
func (r *run) veto(c *config) string {
	if c.cpuMax <= 0 {
		return ""
	}
	if cpu, _, err := r.meter.CPUPercent(&c.measure); err == nil && cpu >= c.cpuMax {
		return "CPU is at or above WithCPUMax"
	}
	return ""
}

// reconfigure takes over the newest config: lanes keep their samples.
func (r *run) reconfigure() {
	c := r.h.cfg.Load()
	if c == r.cfg {
		return
	}
	r.cfg = c
	for _, warning := range c.warnings() {
		r.Log.OnCause(warning, "%s", warning)
	}
	for _, name := range c.order {
		sc := c.signals[name]
		if sc.source != nil {
			r.addSource(name, sc, c)
			continue
		}
		l := r.builtinLane(name)
		l.configure(c, sc)
	}
	r.armLocks(c)
	r.follow(&r.steady[0], "timetable", c.continuous, c.continuous != nil, func(ctx context.Context) { r.keepTimetable(ctx, c.continuous) })
	r.follow(&r.steady[1], "baseline", c.baseline, c.baseline > 0, func(ctx context.Context) { r.keepBaseline(ctx, c.baseline) })
	r.sending.Follow(c.delivery)
}

// A shift is work that goes on until a config plans something else.
type shift struct {
	plan any
	end  context.CancelFunc
}

// follow begins the work of a plan if there was another one before. It belongs
// to the loop.
func (r *run) follow(s *shift, name string, plan any, wanted bool, work func(context.Context)) {
	if s.plan == plan {
		return
	}
	if s.end != nil {
		s.end()
	}
	*s = shift{plan: plan}
	if !wanted {
		return
	}
	var ctx context.Context
	ctx, s.end = context.WithCancel(r.Ctx)
	r.Go(name, func() { work(ctx) })
}

func (r *run) builtinLane(name Signal) *lane {
	for _, l := range r.lanes {
		if l.signal == name {
			return l
		}
	}
	read := rowOf(name).read
	l := r.newLane(name, func(time.Duration) (float64, float64, error) { return read(r.meter, &r.cfg.measure) })
	r.lanes = append(r.lanes, l)
	return l
}

func (r *run) newLane(name Signal, read func(time.Duration) (float64, float64, error)) *lane {
	l := &lane{signal: name, read: read, open: r.investigate, log: r.Log}
	known := r.all.Load()
	var all []*lane
	if known != nil {
		all = append(all, *known...)
	}
	all = append(all, l)
	r.all.Store(&all)
	return l
}

// configure sets what the config says of the lane's signal.
func (l *lane) configure(c *config, sc signalConfig) {
	if l.enabled && !sc.enabled {
		l.drop()
	}
	l.enabled, l.kinds = sc.enabled, c.evidence(sc.kinds)
	pace, rule := c.pace(sc.rule), c.applied(guarded(sc.rule))
	fast := detect.Config{Rule: rule, Pace: pace, Interval: c.interval, Budget: c.budget}
	if l.fast == nil {
		l.fast = detect.New(fast)
	} else {
		l.fast.Change(fast)
	}
	slower := detect.Config{Rule: detect.Slow(sc.slow), Pace: sc.slow.Pace(), Interval: slowEvery, Budget: c.budget}
	switch wanted := c.slow && !c.classic && sc.slow.Diff > 0; {
	case !wanted:
		if l.slow != nil && l.slow.Drop() {
			l.cases[1].dismiss()
		}
		l.slow = nil
	case l.slow == nil:
		l.slow = detect.New(slower)
	default:
		l.slow.Change(slower)
	}
	l.publish(Sample{}, "")
}

// drop ends what is suspected, since the signal is not wanted any more.
func (l *lane) drop() {
	for i, d := range []*detect.Detector{l.fast, l.slow} {
		if d != nil && d.Drop() {
			l.cases[i].dismiss()
		}
	}
}

// A guardedRule is a rule of the user's behind a circuit breaker.
type guardedRule struct {
	Rule
	breaker *supervise.Breaker
}

// guarded returns the rule, behind a breaker unless it is one of holmes's own.
func guarded(r Rule) Rule {
	if _, own := r.(Threshold); own {
		return r
	}
	return guardedRule{r, supervise.NewBreaker(supervise.SystemClock())}
}

func (r guardedRule) Eval(before *Ring, s Sample) (why Reason, fires bool) {
	err := r.breaker.Call(func() error { why, fires = r.Rule.Eval(before, s); return nil })
	if err != nil {
		return Reason{Code: "error", Text: "the rule " + err.Error()}, false
	}
	return why, fires
}
