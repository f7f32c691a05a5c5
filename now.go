package holmes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// CaptureNow takes an event that nobody but the caller asked for, and gives it
// to the reporters like any other. No kind means cpu, heap and goroutine.
//
// It blocks while the profiles are taken: CPU, mutex and block profiles and a
// trace for the time of [WithCPUSamplingTime], or until ctx is done, when what
// has been taken is kept. A mutex profile takes a second more, unless a signal is
// on that has them. It joins a CPU profile that holmes is taking already; where
// someone else holds the profiler, the event says so. The error is
// [ErrNotRunning], [ErrInert], or names a kind that is unknown or has no rate.
func (h *Holmes) CaptureNow(ctx context.Context, kinds ...Kind) (*Event, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		kinds = []Kind{KindCPU, KindHeap, KindGoroutine}
	}
	c := h.cfg.Load()
	if err := errors.Join(checkKinds(kinds), c.checkBlock(kinds)); err != nil {
		return nil, fmt.Errorf("holmes: CaptureNow: %w", err)
	}
	r := h.current.Load()
	if r == nil || !r.Tasks.Enter(captureWork) {
		return nil, ErrNotRunning
	}
	defer r.Tasks.Leave(captureWork)
	f := &finding{
		signal: event.SignalManual, kinds: kinds, onset: r.Clock.Wall(),
		trigger: Trigger{Sample: Sample{Signal: event.SignalManual, At: r.Clock.Wall()}, Reason: Reason{Code: CodeManual}},
	}
	before := r.meter.Cycles()
	d := r.openDossier(c, f, StateSuspected)
	d.snapshots(kinds)
	r.captureFor(ctx, d, kinds, c.cpuSampling)
	if slices.Contains(kinds, KindHeap) {
		d.afterCollection(before, r.Stopping())
	}
	d.conclude(f, StateConfirmed)
	h.stats.confirmed(f.signal)
	ev := d.ev.Clone()
	d.deliver()
	return ev, nil
}

// captureFor takes what lasts, all of the same time: a CPU profile, a trace, and
// profiles of waiting.
func (r *run) captureFor(ctx context.Context, d *dossier, kinds []Kind, takes time.Duration) {
	waits := r.newWaitWatch(d.cfg, kinds)
	defer waits.putBack()
	waits.begin(ctx)
	begun := r.Clock.Mono()
	traced := slices.Contains(kinds, KindTrace)
	var t tracing
	if traced {
		t = r.arm(d.cfg)
		defer t.disarm(r)
	}
	switch {
	case slices.Contains(kinds, KindCPU):
		d.addCPU(r.profileFor(ctx, takes))
	case traced && t.err == nil:
		r.Pass(ctx, takes)
	}
	if len(waits.parts) > 0 {
		r.Pass(ctx, begun+takes-r.Clock.Mono())
		waits.end()
	}
	if traced {
		d.addTrace(t)
	}
	d.addWaits(waits)
}

// profileFor profiles for a time, at once or not at all.
func (r *run) profileFor(ctx context.Context, d time.Duration) cpuResult {
	if err := r.affords(r.h.cfg.Load(), r.h.priceOf(KindCPU)); err != nil {
		return cpuResult{err: err}
	}
	session, err := r.h.cpu.Join(true)
	if err != nil {
		return cpuResult{err: err, holder: r.cpuHolder(r.h.cfg.Load())}
	}
	r.Pass(ctx, d)
	got, err := session.Leave()
	return cpuResult{slices: got, err: err}
}
