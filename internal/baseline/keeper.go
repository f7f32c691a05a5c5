package baseline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

const (
	// First is the time to the first round, when signals have means. The time to the
	// next one doubles until it is the period, so that a young process soon has a
	// baseline.
	First = 11 * time.Second
	// profiled is the duration of a CPU profile.
	profiled = time.Second
	// retry is the pause after finding a signal that is not calm.
	retry = 3 * time.Second
	// share limits the CPU time of rounds to 1/share of a core: a round that costs
	// more delays the next one.
	share = 1000
	// profilingCost is the CPU time of a round outside of its own goroutine: the
	// signals of the CPU profiler, their processing in the runtime, and the disk.
	// BenchmarkBaseline measures 21 ms for a whole round.
	profilingCost = 20 * time.Millisecond
)

// A Keeper takes rounds: a CPU profile of a second, a heap profile and a goroutine
// profile. One goroutine uses it.
type Keeper struct {
	Scope   *supervise.Scope
	Taker   func() capture.Taker     // by the current configuration
	Config  func() eventstore.Config // the current one
	Store   *eventstore.Current
	IDs     *eventstore.IDs
	Labels  func() map[string]string
	Build   func() string                    // ID of this build of the program
	Means   func() map[detect.Signal]float64 // of the signals that have seen the load
	Calm    func() bool                      // reports whether nothing is suspected and no event was lately
	Busy    func() bool                      // reports whether an event is being captured
	Current *Current
}

// Keep takes a round every period while all signals are calm, until ctx is done or the
// scope stops.
func (k *Keeper) Keep(ctx context.Context, every time.Duration) {
	k.Scope.Sleep(ctx, First/2)
	k.Scope.Bugs.Safely("baseline", k.prepare)
	gap := First
	for wait := First / 2; ; {
		t := k.Taker()
		k.Scope.Sleep(ctx, wait*3/4+t.UpTo(wait/2))
		if ctx.Err() != nil || k.Scope.Stopping() {
			return
		}
		if !k.Calm() {
			wait = retry
			continue
		}
		var spent time.Duration
		k.Scope.Bugs.Safely("baseline", func() { spent = k.Round(ctx) })
		gap = min(2*gap, every)
		wait = max(gap, spent*share)
	}
}

// prepare loads the baseline that an earlier run of this build has saved, and takes a
// heap profile before the first round: two profiles show what is allocated in calm
// times.
func (k *Keeper) prepare() {
	if k.Scope.Stopping() {
		return
	}
	b := k.Current.Baseline()
	if b.At.IsZero() {
		b = k.load()
	}
	if first, _, err := k.take(event.KindHeap); err == nil && !k.Busy() {
		b.first = first
	}
	k.Current.change(func(now *Baseline, _ *Stats) { *now = b })
}

// Round takes a round and returns its estimated CPU time. The round is discarded if
// something is suspected meanwhile.
func (k *Keeper) Round(ctx context.Context) (spent time.Duration) {
	b := k.Current.Baseline()
	b.At = k.Scope.Clock.Wall()
	cpu, err := k.profileCPU(ctx)
	errs := []error{err}
	if err == nil {
		b.addCPU(cpu)
		spent += profilingCost
	}
	heap, cost, err := k.take(event.KindHeap)
	errs = append(errs, err)
	spent += cost
	goroutine, cost, err := k.take(event.KindGoroutine)
	errs = append(errs, err)
	spent += cost
	err = errors.Join(errs...)
	if err != nil {
		k.Scope.Log.Begin("baseline", "the baseline lacks profiles: %v", err)
	} else {
		k.Scope.Log.End("baseline", "the baseline has all profiles again")
	}
	kept := k.Calm() && !k.Scope.Stopping()
	if kept {
		b.addHeap(heap)
		b.addGoroutine(goroutine)
		b.Readings = k.readings(b.Readings.Means)
	}
	k.Current.change(func(now *Baseline, s *Stats) {
		s.CPU += spent
		s.Err = err
		if kept {
			*now = b
			s.Rounds++
		}
	})
	if kept {
		k.save(&b)
	}
	return spent
}

// readings returns the readings of a round. In the grace after a start the means are
// those from before it.
func (k *Keeper) readings(means map[detect.Signal]float64) event.Readings {
	t := k.Taker()
	r, _ := t.Meter.Readings(&t.Measure)
	var groups cgroup.Sample
	t.Meter.ReadGroups(&t.Measure, &groups) // without any, the memory is that of the process
	r.MemoryParts = measure.MemoryParts(measure.SelfStatus, &r, &groups)
	if r.Means = k.Means(); len(r.Means) == 0 {
		r.Means = means
	}
	return r
}

func (k *Keeper) profileCPU(ctx context.Context) (p profile, err error) {
	t := k.Taker()
	p.at = k.Scope.Clock.Mono()
	if p.raw, err = t.ProfileCPU(ctx, profiled); err == nil && len(p.raw) > maxProfile {
		err = errTooLarge
	}
	if err != nil {
		return profile{}, fmt.Errorf("%s: %w", event.KindCPU, err)
	}
	return p, nil
}

// take takes a profile into memory, and returns its CPU time.
func (k *Keeper) take(kind event.Kind) (p profile, cost time.Duration, err error) {
	t := k.Taker()
	w := &eventstore.Buffer{Limit: maxProfile, Full: errTooLarge}
	p.at = k.Scope.Clock.Mono()
	cost, err = t.Take(kind, w)
	if err := errors.Join(err, w.Err); err != nil {
		return profile{}, cost, fmt.Errorf("%s: %w", kind, err)
	}
	p.raw = bytes.Clone(w.Bytes())
	return p, cost, nil
}
