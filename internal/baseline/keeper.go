package baseline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

const (
	// First is when the first round is: when there are means to judge by. The
	// time to the next doubles until it is the period, so that a young process
	// has something to compare with too.
	First = 11 * time.Second
	// profiled is how long the CPU is profiled in a round.
	profiled = time.Second
	// retry is the pause after finding that something is not calm.
	retry = 3 * time.Second
	// share is what part of a core the rounds may take: a thousandth. One that
	// costs more puts off the next.
	share = 1000
	// profilingCost is what a round costs beside what its own goroutine does: the
	// signals of the CPU profiler, what the runtime makes of them, the disk.
	// BenchmarkBaseline measures 21 ms for all of a round.
	profilingCost = 20 * time.Millisecond
)

// A Keeper takes rounds: a CPU profile of a second, a heap and a goroutine
// profile. It belongs to one goroutine.
type Keeper struct {
	Scope   *supervise.Scope
	Taker   func() capture.Taker     // within the configuration as it is now
	Config  func() eventstore.Config // likewise
	Store   *eventstore.Current
	IDs     *eventstore.IDs
	Labels  func() map[string]string
	Build   func() string // tells this build of the program from others
	Calm    func() bool   // nothing is suspected, and no event was lately
	Busy    func() bool   // an event is being taken
	Current *Current

	entry string // of the last round on disk
}

// Keep takes a round now and then, while all is calm, until ctx is done or the
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

// prepare takes over what an earlier run of this build has left, and looks at
// the heap once before the first round: it takes two profiles to see what is
// allocated in calm times.
func (k *Keeper) prepare() {
	if k.Scope.Stopping() {
		return
	}
	b := k.Current.Look()
	if b.At.IsZero() {
		b = k.load()
	}
	if first, _, err := k.take(event.KindHeap); err == nil && !k.Busy() {
		b.first = first
	}
	k.Current.change(func(now *Baseline, _ *Stats) { *now = b })
}

// Round takes a round, and returns the CPU time that it is taken to have cost.
// It is discarded if something is suspected meanwhile: then it may be of an
// event.
func (k *Keeper) Round(ctx context.Context) (spent time.Duration) {
	b := k.Current.Look()
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
		k.Scope.Log.OnCause("baseline", "baseline: %v", err)
	}
	kept := k.Calm() && !k.Scope.Stopping()
	if kept {
		b.addHeap(heap)
		b.addGoroutine(goroutine)
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

// take takes a profile into memory, and returns the CPU time that it took.
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
