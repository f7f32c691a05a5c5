package holmes

import (
	"context"
	"errors"
	"time"

	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/monitor"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A run is the time from one Start to Stop. Its stages stop in this order: readings and
// captures, which end with what they have; senders, which try the waiting events once
// more; the log.
type run struct {
	h      *Holmes
	began  time.Duration
	cancel context.CancelFunc // when the time to stop is up

	work    stage // the monitor, events, the baseline
	senders stage // of reporters
	logging stage

	monitor   *monitor.Monitor
	incidents *incident.Incidents
	keeper    *baseline.Keeper
	sending   *delivery.Run

	timetable, calm supervise.Background
}

// A stage is a scope with the function that stops it.
type stage struct {
	supervise.Scope
	stop func()
}

func (h *Holmes) newStage(ctx context.Context) stage {
	stop := make(chan struct{})
	return stage{
		Scope: supervise.Scope{Clock: h.clock, Log: h.log, Bugs: h.bugs, Tasks: new(supervise.Group), Ctx: ctx, Stop: stop},
		stop:  func() { close(stop) },
	}
}

// newRun connects the packages of holmes. It starts only the goroutines of users'
// signals.
func (h *Holmes) newRun() *run {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{h: h, began: h.clock.Mono(), cancel: cancel, work: h.newStage(ctx), senders: h.newStage(ctx), logging: h.newStage(ctx)}
	scope := &r.work.Scope
	meter := measure.New(h.readers(h.log))
	h.store.SetSpare(func() uint64 { return meter.Spare(&h.cfg.Load().measure) })
	taker := func() capture.Taker {
		c := h.cfg.Load()
		return capture.Taker{Process: h.captures, Scope: scope, Meter: meter, Config: c.capture, Measure: c.measure}
	}
	box := &incident.BlackBox{Clock: h.clock}
	r.sending = h.delivery.NewRun(&r.senders.Scope, func() {
		h.store.Report("the black box cannot be written, so the next start cannot report how this run ended", box.Err())
	})
	r.incidents = &incident.Incidents{
		Scope: scope, Config: func() incident.Config { return h.cfg.Load().incident }, Taker: taker,
		Store: h.store, IDs: &h.ids, Baseline: &h.baseline, Delivery: h.delivery, Labels: h.labels, Box: box,
		Counters: &h.events, Brakes: h.brakes, Began: r.began,
	}
	r.monitor = &monitor.Monitor{
		Scope: scope, Config: func() *monitor.Config { return &h.cfg.Load().monitor }, Meter: meter,
		Locks: h.captures.Locks, Incidents: r.incidents, Expected: h.baseline.Mean, Wakes: h.wakes, Changed: r.follow, Counters: &h.ticks,
	}
	busy := func() bool { return scope.Tasks.Has(incident.Task) }
	r.keeper = &baseline.Keeper{
		Scope: scope, Taker: taker, Config: func() eventstore.Config { return h.cfg.Load().store },
		Store: h.store, IDs: &h.ids, Labels: r.incidents.LabelsNow, Build: h.build, Current: &h.baseline, Busy: busy,
		Means: r.monitor.Means,
		Calm:  func() bool { return !h.events.Lately(h.clock.Mono()) && !busy() && r.monitor.Calm() },
	}
	r.monitor.Prepare() // so that Stats has the signals as soon as Start returns
	return r
}

// follow takes over the current configuration. The loop of the monitor calls it.
func (r *run) follow() {
	c := r.h.cfg.Load()
	for _, warning := range c.warnings() {
		r.h.log.Begin(warning, "%s", warning)
	}
	r.timetable.Follow(&r.work.Scope, "timetable", c.continuous, c.continuous != nil, func(ctx context.Context) {
		r.incidents.KeepTimetable(ctx, c.continuous)
	})
	r.calm.Follow(&r.work.Scope, "baseline", c.baseline, c.baseline > 0, func(ctx context.Context) {
		r.keeper.Keep(ctx, c.baseline)
	})
	r.sending.Follow(c.delivery)
}

// boxTime is how long Start waits for the file that the text of a crash goes to, if the
// disk has answered until then: a process in a crash loop may end right after Start.
const boxTime = time.Second

// start starts all stages. answers reports whether the disk has answered Start.
func (r *run) start(answers bool) {
	r.logging.Go("logger", func() {
		r.h.log.Drain(r.logging.Stop, func() supervise.Sink { return r.h.cfg.Load().logger })
	})
	r.sending.Start()
	r.monitor.Start()
	opened := make(chan struct{})
	r.work.Go("black box", func() { r.incidents.KeepBox(opened) })
	if answers && r.h.cfg.Load().incident.CrashOutput {
		select {
		case <-opened:
		case <-time.After(boxTime):
		}
	}
	r.work.Go("flight recorder", func() { capture.KeepRecorder(r.incidents.Taker) })
}

// end stops the stages one after the other. panicked is the place of the panic that is
// unwinding the caller's stack, if there is one.
func (r *run) end(ctx context.Context, panicked string) error {
	defer r.cancel()
	r.work.Tasks.Close()
	r.work.stop()
	err := r.work.Tasks.Wait(ctx)
	r.senders.stop()
	err = errors.Join(err, r.senders.Tasks.Wait(ctx))
	r.cancel()
	closing := ctx
	if !r.h.store.Answers() {
		closing = r.work.Ctx // which is done: the box cannot be closed now
	}
	if err := r.incidents.Box.Close(closing, panicked); err != nil {
		r.h.log.OnCause("black box", "the black box is not closed, so the next start may report that this run ended without Stop: %v", err)
	}
	if closing == ctx {
		r.h.brakes.Settle()
	}
	if err == nil && ctx.Err() == nil { // else a goroutine may still write an event
		r.h.store.Report("release events to other processes", r.h.store.Release())
	}
	r.logging.stop()
	return errors.Join(err, r.logging.Tasks.Wait(ctx))
}
