package holmes

import (
	"context"
	"fmt"
	"slices"
	"time"
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
	for _, k := range kinds {
		if _, ok := h.captures[k]; !ok {
			return nil, fmt.Errorf("holmes: CaptureNow: kind %q is unknown", k)
		}
	}
	c := h.cfg.Load()
	if err := c.checkBlock(kinds); err != nil {
		return nil, fmt.Errorf("holmes: CaptureNow: %w", err)
	}
	r := h.current.Load()
	if r == nil || !r.enter() {
		return nil, ErrNotRunning
	}
	defer r.leave()
	f := &finding{
		signal: manualSignal, kinds: kinds, onset: r.clock.wall(),
		trigger: Trigger{Sample: Sample{Signal: manualSignal, At: r.clock.wall()}, Reason: Reason{Code: CodeManual}},
	}
	before := r.gcCycles(c)
	d := r.openDossier(c, f, StateSuspected)
	d.snapshots(kinds)
	r.captureFor(ctx, d, kinds)
	if slices.Contains(kinds, KindHeap) {
		d.afterCollection(before, r.stopping())
	}
	d.conclude(f, StateConfirmed)
	h.stats.confirmed(f.signal)
	ev := d.ev.clone()
	d.deliver()
	return ev, nil
}

// captureFor takes what lasts, all of the same time: a CPU profile, a trace, and
// profiles of waiting.
func (r *run) captureFor(ctx context.Context, d *dossier, kinds []Kind) {
	waits := r.newWaitWatch(d.cfg, kinds)
	defer waits.putBack()
	waits.begin(ctx)
	begun := r.clock.mono()
	traced := slices.Contains(kinds, KindTrace)
	var t tracing
	if traced {
		t = r.arm(d.cfg)
		defer t.disarm(r)
	}
	switch {
	case slices.Contains(kinds, KindCPU):
		d.addCPU(r.profileFor(ctx, d.cfg.cpuSampling))
	case traced && t.err == nil:
		r.pass(ctx, d.cfg.cpuSampling)
	}
	if len(waits.parts) > 0 {
		r.pass(ctx, begun+d.cfg.cpuSampling-r.clock.mono())
		waits.end()
	}
	if traced {
		d.addTrace(t)
	}
	d.addWaits(waits)
}

// pass lets time pass, until whoever waits has had enough.
func (r *run) pass(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-r.stop:
	}
}

// manualSignal is the signal of events that CaptureNow took.
const manualSignal Signal = "manual"

// profileFor profiles for a time, at once or not at all.
func (r *run) profileFor(ctx context.Context, d time.Duration) cpuResult {
	if err := r.affords(r.h.cfg.Load(), r.h.priceOf(KindCPU)); err != nil {
		return cpuResult{err: err}
	}
	session, err := r.h.cpu.Join(true)
	if err != nil {
		return cpuResult{err: err, holder: r.cpuHolder(r.h.cfg.Load())}
	}
	r.pass(ctx, d)
	got, err := session.Leave()
	return cpuResult{slices: got, err: err}
}
