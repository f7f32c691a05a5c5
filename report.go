package holmes

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

const (
	attemptTime  = 30 * time.Second // that one Report may take
	firstPause   = time.Second      // after a failure; doubles, with full jitter
	longestPause = time.Minute
	longestAfter = 10 * time.Minute // of a Retry-After
	flushAttempt = 5 * time.Second  // that one Report may take while stopping
	// failuresToProbe calls that fail in a row make a receiver that is not
	// well. Then each event is tried once in its turn, until one gets through.
	failuresToProbe = 5
)

// A tour is the time of one courier with one reporter: a run, or less when the
// reporter is taken out.
type tour struct {
	outlet  *outlet
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}
	after   <-chan struct{} // closed when the one before it has let go
	removed atomic.Bool     // the reporter was taken out and not replaced
}

// startOutlet starts the courier of a reporter, once a run. One that replaces
// another waits until that has let go of its event.
func (r *run) startOutlet(o *outlet) {
	if r.tours[o] != nil {
		return
	}
	t := &tour{outlet: o, done: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(r.Ctx)
	if old := o.ancestor(func(old *outlet) bool { return r.tours[old] != nil }); old != nil {
		t.after = r.tours[old].done
	}
	r.tours[o] = t
	o.mu.Lock()
	o.settled = r.h.settled
	o.mu.Unlock()
	r.senders.Go("reporter "+o.name, func() {
		defer close(t.done)
		r.courier(t)
	})
	r.recall.Ring()
}

// endTours ends the couriers of reporters that are not in the config any more.
// What waits for them stays on disk, for a reporter of that name.
func (r *run) endTours(c *config) {
	for o, t := range r.tours {
		if slices.Contains(c.outlets, o) {
			continue
		}
		t.removed.Store(!slices.ContainsFunc(c.outlets, func(next *outlet) bool {
			return next.ancestor(func(old *outlet) bool { return old == o }) != nil
		}))
		t.cancel()
		select {
		case <-t.done:
			delete(r.tours, o)
		default:
		}
	}
}

// courier delivers one reporter's events, until the run flushes: then it tries
// each that waits once more, until one fails, and ends.
func (r *run) courier(t *tour) {
	defer t.cancel()
	t.begin()
	for t.ctx.Err() == nil {
		if batch := t.outlet.batch(); batch != nil {
			r.deliverBatch(t, batch)
		}
		if it := t.outlet.next(); it != nil {
			if !r.deliver(t, it) {
				break
			}
			continue
		}
		select {
		case <-t.outlet.wake:
		case <-t.ctx.Done():
		case <-r.senders.Stop:
			if t.outlet.next() == nil {
				return
			}
		}
	}
	if t.removed.Load() {
		t.outlet.abandon()
	}
}

// begin waits for the courier of the reporter that this one replaces, though
// not for ever, and takes over what it left.
func (t *tour) begin() {
	if t.after != nil {
		timeout := time.NewTimer(attemptTime)
		defer timeout.Stop()
		select {
		case <-t.after:
		case <-timeout.C: // it ignores its context
		case <-t.ctx.Done():
		}
	}
	t.outlet.inherit()
}

// deliver tries one event, pauses if that failed, and reports whether the
// courier should go on.
func (r *run) deliver(t *tour, it *item) bool {
	o, flushing := t.outlet, r.senders.Stopping()
	if flushing && r.Clock.Mono() < o.until {
		return false // the receiver asked to be left alone
	}
	err := r.attempt(t, it)
	lost, isLost := errors.AsType[*lostError](err)
	switch {
	case err == nil:
		o.succeeded(nil)
		r.mark(o, it.delivered(o.name))
		o.settle(it, "")
		return true
	case isLost:
		r.Log.OnCause(lost.reason+" "+o.name, "reporter %s goes without event %s: %v", o.name, it.id, err)
		o.settle(it, lost.reason)
		return true
	case t.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return false // out of time; it stays queued
	case IsPermanent(err):
		o.succeeded(err)
		r.Log.OnCause("refused "+o.name, "reporter %s refused event %s: %v", o.name, it.id, err)
		r.mark(o, it.refused(o.name, err))
		o.settle(it, dropPermanent)
		return true
	}
	pause := r.failed(o, it, err)
	if flushing {
		return false
	}
	return r.pause(t, pause)
}

// mark logs that the disk did not take note of a delivery. The store remembers
// it, and tries again.
func (r *run) mark(o *outlet, err error) {
	r.h.store.Report("reporter "+o.name+" may get an event twice if this process ends now", err)
}

// failed notes a failure and returns how long to wait after it.
func (r *run) failed(o *outlet, it *item, err error) time.Duration {
	now := r.Clock.Mono()
	pause, told := pauseAfter(o.failed(it, now, err), err)
	if told > 0 {
		o.mu.Lock()
		o.until = now + told
		o.mu.Unlock()
	}
	r.Log.OnCause("report "+o.name, "reporter %s failed, event %s is tried again: %v", o.name, it.id, err)
	if it.held() && now-it.since > r.h.cfg.Load().store.Age {
		r.Log.OnCause("expired "+o.name, "reporter %s did not take event %s for %s: %v", o.name, it.id, humanize.Duration(now-it.since), err)
		o.settle(it, dropExpired)
	}
	return pause
}

// pauseAfter is how long to wait when so many tries have failed in a row: full
// jitter, so that the instances of a fleet do not come back all at once. told
// is how long the receiver asked for.
func pauseAfter(failures int, err error) (pause, told time.Duration) {
	ceiling := longestPause
	if failures <= 6 {
		ceiling = min(firstPause<<(failures-1), longestPause)
	}
	pause = 1 + rand.N(ceiling)
	var asked interface{ RetryAfter() time.Duration }
	if errors.As(err, &asked) {
		told = min(asked.RetryAfter(), longestAfter)
	}
	return max(pause, told), told
}

// pause waits, and reports whether to go on: not when the reporter was taken
// out. A run that flushes cuts it short.
func (r *run) pause(t *tour, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.senders.Stop:
	case <-t.ctx.Done():
		return false
	}
	return true
}

// attempt calls the reporter once, with a copy of the event.
func (r *run) attempt(t *tour, it *item) error {
	leave, err := t.enter()
	if err != nil {
		return err
	}
	defer leave()
	ev, release, err := it.load(t.outlet.name)
	if err != nil {
		return err
	}
	defer release()
	return r.call(t, func(ctx context.Context) error { return t.outlet.reporter.Report(ctx, ev) })
}

// enter waits until nobody is in the reporter: a call may be held since an
// earlier run.
func (t *tour) enter() (leave func(), err error) {
	slot := t.outlet.slot
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-t.ctx.Done():
		return nil, t.ctx.Err()
	}
}

// call runs one call of the reporter, within its time and under its guard.
func (r *run) call(t *tour, f func(context.Context) error) error {
	limit := attemptTime
	if r.senders.Stopping() {
		limit = flushAttempt
	}
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	defer cancel()
	t.outlet.begin(r.Clock.Mono())
	defer t.outlet.end()
	return t.outlet.guard.Call(func() error { return f(ctx) })
}
