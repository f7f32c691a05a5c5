package holmes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/eventstore"
)

const (
	// baselineFirst is when the first round is: when there are means to judge
	// by. The time to the next doubles until it is that of WithBaseline, so that
	// a young process has something to compare with too.
	baselineFirst = 11 * time.Second
	// baselineCPU is how long the CPU is profiled in a round.
	baselineCPU = time.Second
	// baselineRetry is the pause after finding that something is not calm.
	baselineRetry = 3 * time.Second
	// afterEvent is how long after an event nothing is taken for normal: what
	// has risen may stay up, and its repetition must not be told that it was
	// always so.
	afterEvent = 10 * time.Minute
	// baselineShare is what part of a core the rounds may take: a thousandth.
	// One that costs more puts off the next.
	baselineShare = 1000
	// profilingCost is what a round costs beside what its own goroutine does: the
	// signals of the CPU profiler, what the runtime makes of them, the disk.
	// BenchmarkBaseline measures 21 ms for all of a round.
	profilingCost = 20 * time.Millisecond
)

// WithBaseline sets how often holmes looks at what is normal: a CPU profile of
// one second, a heap and a goroutine profile, while all signals are calm. Events
// are compared with it, and name who is to blame for the difference; without it
// they name candidates. 0 turns it off. Default 5 minutes.
//
// The first round is some 10 seconds after Start, the next follow after twice
// the time each, up to that of the option. All are moved by up to a quarter at
// random, so that the instances of a service do not profile at the same time.
// They take at most a thousandth of a core: one that costs more puts off the
// next. There is none while a signal is suspicious or cooling down, nor for 10
// minutes after an event. What is normal takes up to 2.5 MiB of memory, as a rule
// a tenth of that, and is kept in the dump path for the next start of the same
// build.
func WithBaseline(every time.Duration) Option {
	return option{"WithBaseline", func(c *config) error {
		c.baseline = every
		if every != 0 && every < minPeriod {
			return fmt.Errorf("every %v: must be at least %v, or 0 to turn it off", every, minPeriod)
		}
		return nil
	}}
}

// A baseliner takes rounds. It belongs to one goroutine.
type baseliner struct {
	*run
	entry string // of the last round on disk
}

// keepBaseline takes a round now and then, while all is well.
func (r *run) keepBaseline(ctx context.Context, every time.Duration) {
	b := baseliner{run: r}
	r.Pass(ctx, baselineFirst/2)
	r.Bugs.Safely("baseline", b.prepare)
	gap := baselineFirst
	for wait := baselineFirst / 2; ; {
		r.Pass(ctx, wait*3/4+r.h.upTo(wait/2))
		if ctx.Err() != nil || r.Stopping() {
			return
		}
		if !r.calm() {
			wait = baselineRetry
			continue
		}
		var spent time.Duration
		r.Bugs.Safely("baseline", func() { spent = b.round(ctx) })
		gap = min(2*gap, every)
		wait = max(gap, spent*baselineShare)
	}
}

// calm reports whether what is there now may be taken for normal.
func (r *run) calm() bool {
	now := r.Clock.Mono()
	if last := time.Duration(r.h.eventful.Load()); last != 0 && now-last < afterEvent {
		return false
	}
	if r.vetoed.Load() || r.Tasks.Has(captureWork) {
		return false
	}
	for _, l := range *r.all.Load() {
		if v := l.look(); v.enabled && v.read && v.err == nil && v.state(now) != detect.StateCalm {
			return false
		}
	}
	return true
}

// prepare takes over what an earlier run of this build has left, and looks at
// the heap once before the first round: what is allocated in calm times takes
// two profiles to see.
func (b *baseliner) prepare() {
	if b.Stopping() {
		return
	}
	n := b.h.normal.look()
	if n.at.IsZero() {
		n = b.recallNormal()
	}
	if ahead, _, err := b.takePiece(KindHeap); err == nil && !b.Tasks.Has(captureWork) {
		n.ahead = ahead
	}
	b.h.normal.put(n)
}

// round takes a round, and tells what it has cost. It is forgotten if something
// begins meanwhile: then it may be of an event.
func (b *baseliner) round(ctx context.Context) (spent time.Duration) {
	n := b.h.normal.look()
	n.at = b.Clock.Wall()
	cpu, err := b.profileCalm(ctx)
	errs := []error{err}
	if err == nil {
		n.addCPU(cpu)
		spent += profilingCost
	}
	heap, cost, err := b.takePiece(KindHeap)
	errs = append(errs, err)
	spent += cost
	goroutine, cost, err := b.takePiece(KindGoroutine)
	errs = append(errs, err)
	spent += cost
	err = errors.Join(errs...)
	b.h.normal.spent(spent, err)
	if err != nil {
		b.Log.OnCause("baseline", "baseline: %v", err)
	}
	if b.calm() && !b.Stopping() {
		n.addHeap(heap)
		n.addGoroutine(goroutine)
		b.h.normal.put(n)
		b.h.normal.counted()
		b.keepNormal(&n)
	}
	return spent
}

// profileCalm is a CPU profile of baselineCPU.
func (r *run) profileCalm(ctx context.Context) (piece, error) {
	if err := r.affords(r.h.cfg.Load(), r.h.priceOf(KindCPU)); err != nil {
		return piece{}, fmt.Errorf("cpu: %w", err)
	}
	p := piece{at: r.Clock.Mono()}
	session, err := r.h.cpu.Join(false)
	if err != nil {
		return p, fmt.Errorf("cpu: %w", err)
	}
	r.Pass(ctx, baselineCPU)
	f := cpuFile{}
	if f.slices, err = session.Leave(); err == nil {
		p.raw, err = f.join()
	}
	if err == nil && len(p.raw) > maxPiece {
		err = errTooLarge
	}
	if err != nil {
		return p, fmt.Errorf("cpu: %w", err)
	}
	return p, nil
}

// takePiece takes a profile into memory, and tells the CPU time that it took.
func (r *run) takePiece(k Kind) (p piece, cost time.Duration, err error) {
	if err := r.affords(r.h.cfg.Load(), r.h.priceOf(k)); err != nil {
		return p, 0, fmt.Errorf("%s: %w", k, err)
	}
	w := &eventstore.Buffer{Limit: maxPiece, Full: errTooLarge}
	p.at = r.Clock.Mono()
	spent := r.measure(func() { err = r.h.captures[k].write(w) })
	r.h.prices.learn(k, spent)
	if err := errors.Join(err, w.Err); err != nil {
		return piece{}, spent.cpu, fmt.Errorf("%s: %w", k, err)
	}
	p.raw = bytes.Clone(w.Bytes())
	return p, spent.cpu, nil
}
