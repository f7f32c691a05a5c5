package holmes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	queueLength  = 64               // events a reporter may be behind; the oldest goes first
	attemptTime  = 30 * time.Second // that one Report may take
	firstPause   = time.Second      // after a failure; doubles, with full jitter
	longestPause = time.Minute
	longestAfter = 10 * time.Minute // of a Retry-After
	giveUpAfter  = time.Hour        // since the event was confirmed
	flushAttempt = 5 * time.Second  // that one Report may take while stopping
)

// Why an event was not delivered to a reporter; keys of [ReporterStats].
const (
	dropOverflow  = "queue full"
	dropPermanent = "refused"
	dropExpired   = "gave up"
)

// An outlet is one reporter and the events that wait for it. It outlives runs:
// what could not be delivered before a Stop is tried again after the next
// Start, and a reporter that hangs is never entered twice.
type outlet struct {
	reporter Reporter
	name     string
	guard    guard
	slot     chan struct{} // holds one while the reporter is being called
	wake     chan struct{} // holds one when something was queued
	off      atomic.Bool   // DisableProfileReporter

	mu      sync.Mutex
	queue   []*parcel
	stats   ReporterStats
	calling time.Duration // mono since when the reporter has been called, 0 when it is not
}

// A parcel is one event on its way to all reporters. done is called when the
// last of them has it, or has lost it.
type parcel struct {
	ev    *Event
	since time.Duration
	open  atomic.Int32
	done  func()
}

func (p *parcel) release() {
	if p.open.Add(-1) == 0 {
		p.done()
	}
}

func newOutlet(r Reporter) *outlet {
	o := &outlet{
		reporter: r, guard: guard{clock: systemClock()},
		slot: make(chan struct{}, 1), wake: make(chan struct{}, 1),
	}
	o.name = fmt.Sprintf("%T", r)
	_ = o.guard.call(func() error { // a name is worth no trouble
		if n, ok := r.(interface{ Name() string }); ok {
			o.name = n.Name()
		}
		return nil
	})
	return o
}

// addReporter is the one place where a reporter becomes part of a config.
func (c *config) addReporter(r Reporter) { c.outlets = append(c.outlets, newOutlet(r)) }

// offer queues an event. It never blocks: a full queue loses its oldest.
func (o *outlet) offer(p *parcel) {
	if o.off.Load() {
		return
	}
	p.open.Add(1)
	o.mu.Lock()
	var lost *parcel
	if len(o.queue) == queueLength {
		lost = o.queue[0]
		o.queue = o.queue[1:]
		o.stats.drop(dropOverflow)
	}
	o.queue = append(o.queue, p)
	o.mu.Unlock()
	if lost != nil {
		lost.release()
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outlet) head() *parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil
	}
	return o.queue[0]
}

// settle takes a parcel off the queue, where it still is, and counts what
// became of it.
func (o *outlet) settle(p *parcel, count func(*ReporterStats)) {
	o.mu.Lock()
	found := false
	for i, q := range o.queue {
		if q == p {
			o.queue = append(o.queue[:i:i], o.queue[i+1:]...)
			found = true
			break
		}
	}
	if found {
		count(&o.stats)
	}
	o.mu.Unlock()
	if found {
		p.release()
	}
}

// startOutlet starts the courier of a reporter, once a run.
func (r *run) startOutlet(o *outlet) {
	if r.started[o] {
		return
	}
	r.started[o] = true
	r.spawn(&r.couriers, "reporter "+o.name, func() { r.courier(o) })
}

// courier delivers one reporter's events in order, until the run flushes: then
// it tries each that waits once more and ends.
func (r *run) courier(o *outlet) {
	for {
		p := o.head()
		if p == nil {
			select {
			case <-o.wake:
				continue
			case <-r.flush:
				if o.head() == nil {
					return
				}
				continue
			}
		}
		if !r.deliver(o, p) {
			return
		}
	}
}

// deliver tries one parcel until it is settled, and reports whether the courier
// should go on to the next.
func (r *run) deliver(o *outlet, p *parcel) bool {
	for try := 0; ; try++ {
		flushing := r.flushing()
		err := r.attempt(o, p, flushing)
		switch {
		case err == nil:
			o.settle(p, func(s *ReporterStats) { s.Delivered++ })
			return true
		case errors.Is(err, context.Canceled) && r.ctx.Err() != nil:
			return false // out of time; it stays queued
		case IsPermanent(err):
			r.log.onCause("refused "+o.name, "reporter %s refused event %s: %v", o.name, p.ev.ID, err)
			o.settle(p, func(s *ReporterStats) { s.drop(dropPermanent) })
			return true
		case r.clock.mono()-p.since > giveUpAfter:
			r.log.onCause("expired "+o.name, "reporter %s did not take event %s for %s: %v", o.name, p.ev.ID, span(giveUpAfter), err)
			o.settle(p, func(s *ReporterStats) { s.drop(dropExpired) })
			return true
		}
		r.log.onCause("report "+o.name, "reporter %s failed, event %s is tried again: %v", o.name, p.ev.ID, err)
		if flushing || !r.pause(pauseAfter(try, err)) {
			// What is left after a flush waits in memory for the next Start.
			return !r.flushing()
		}
	}
}

// pauseAfter is how long to wait after a try failed: full jitter, so that the
// instances of a fleet do not come back all at once.
func pauseAfter(try int, err error) time.Duration {
	ceiling := longestPause
	if try < 6 {
		ceiling = min(firstPause<<try, longestPause)
	}
	pause := rand.N(ceiling) + time.Millisecond
	var told interface{ RetryAfter() time.Duration }
	if errors.As(err, &told) {
		pause = max(pause, min(told.RetryAfter(), longestAfter))
	}
	return pause
}

// pause waits, and reports false when the run began to flush.
func (r *run) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.flush:
		return false
	}
}

func (r *run) flushing() bool {
	select {
	case <-r.flush:
		return true
	default:
		return false
	}
}

// attempt calls the reporter once, with a copy of the event.
func (r *run) attempt(o *outlet, p *parcel, flushing bool) error {
	select {
	case o.slot <- struct{}{}:
		defer func() { <-o.slot }()
	case <-r.ctx.Done(): // still held since an earlier run
		return r.ctx.Err()
	}
	limit := attemptTime
	if flushing {
		limit = flushAttempt
	}
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	defer cancel()
	o.begin(r.clock.mono())
	err := o.guard.call(func() error { return o.reporter.Report(ctx, p.ev.clone()) })
	o.end(err)
	return err
}

func (o *outlet) begin(now time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = now
	o.stats.Attempts++
}

func (o *outlet) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = 0
	o.stats.LastErr = err
}
