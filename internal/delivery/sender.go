package delivery

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/supervise"
)

const (
	attemptTime    = 30 * time.Second // that one Report may take at first
	longestAttempt = 2 * time.Minute  // and after late answers
	flushAttempt   = 5 * time.Second  // that one Report may take while stopping
)

// A sender delivers the events of one queue, for a run or until the reporter is
// removed.
type sender struct {
	*spool
	queue   *Queue
	scope   *supervise.Scope
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}
	after   <-chan struct{} // closed when the sender that this one replaces has ended
	removed atomic.Bool     // the reporter was removed and not replaced
}

// send delivers events until the scope is stopping: then it tries each that
// waits once more, until one fails, and ends.
func (s *sender) send() {
	defer close(s.done)
	defer s.cancel()
	s.takeOver()
	for s.ctx.Err() == nil {
		if batch := s.queue.batch(s.clock.Mono()); batch != nil {
			s.deliverBatch(batch)
		}
		e, wait := s.queue.next(s.clock.Mono(), s.scope.Stopping())
		if e != nil {
			if !s.deliver(e) {
				break
			}
			continue
		}
		if s.idle(wait) {
			return
		}
	}
	if s.removed.Load() {
		s.queue.abandon()
	}
}

// idle waits for an event, or for an end of the rest of those that are there. It
// reports whether the scope is stopping and there is nothing to try.
func (s *sender) idle(wait time.Duration) bool {
	var rested <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		rested = timer.C
	}
	select {
	case <-s.queue.wake:
	case <-rested:
	case <-s.ctx.Done():
	case <-s.scope.Stop:
		e, _ := s.queue.next(s.clock.Mono(), true)
		return e == nil
	}
	return false
}

// takeOver waits for the sender that this one replaces, within a limit, and
// takes over its events.
func (s *sender) takeOver() {
	if s.after != nil {
		timeout := time.NewTimer(attemptTime)
		defer timeout.Stop()
		select {
		case <-s.after:
		case <-timeout.C: // it ignores its context
		case <-s.ctx.Done():
		}
	}
	s.queue.inherit()
}

// deliver tries one event, pauses if that failed, and reports whether the
// sender should go on.
func (s *sender) deliver(e *entry) bool {
	flushing := s.scope.Stopping()
	if flushing && s.queue.closed(s.clock.Mono()) {
		return false
	}
	err := s.attempt(e)
	lost, isLost := errors.AsType[*lostError](err)
	switch {
	case err == nil:
		s.delivered(e)
		return true
	case isLost:
		s.about(e).OnCause(lost.reason+" "+s.queue.name, "reporter %s does not get event %s: %v", s.queue.name, e.id, err)
		s.settle(s.queue, e, lost.reason)
		return true
	case s.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return false // the time to stop is up; the event stays queued
	case event.IsPermanent(err):
		s.answered(e, err)
		s.about(e).OnCause("refused "+s.queue.name, "reporter %s refused event %s: %v", s.queue.name, e.id, err)
		s.mark(e.refused(s.queue.name, err))
		s.settle(s.queue, e, dropPermanent)
		return true
	}
	pause := s.fail(e, err)
	if flushing {
		return false
	}
	return s.pause(pause)
}

// deliverBatch tries several events at once. If that fails, each is tried by itself.
func (s *sender) deliverBatch(batch []*entry) {
	leave, err := s.enter()
	if err != nil {
		return
	}
	defer leave()
	loaded, events, release := load(batch, s.queue.name)
	defer release()
	defer s.queue.separate(batch) // those that are left after this
	if len(events) < 2 {
		return
	}
	err = s.call(func(ctx context.Context) error {
		b, _ := s.queue.reporter.(event.BatchReporter)
		return b.ReportBatch(ctx, events)
	})
	if err != nil {
		for _, e := range loaded {
			s.queue.rest(e, s.clock.Mono(), err)
		}
		s.log.With("reporter", s.queue.name).OnCause("batch "+s.queue.name, "reporter %s failed with a batch of %d events, which are now tried one by one: %v", s.queue.name, len(events), err)
		return
	}
	for _, e := range loaded {
		s.delivered(e)
	}
}

// load loads the events of a batch. The error of an event that cannot be loaded is
// reported when it is tried by itself.
func load(batch []*entry, to string) (loaded []*entry, events []*event.Event, release func()) {
	var taken []func()
	for _, e := range batch {
		if ev, done, err := e.load(to); err == nil {
			loaded, events, taken = append(loaded, e), append(events, ev), append(taken, done)
		}
	}
	return loaded, events, func() {
		for _, done := range taken {
			done()
		}
	}
}

// delivered settles an event that the reporter has taken.
func (s *sender) delivered(e *entry) {
	s.answered(e, nil)
	s.mark(e.delivered(s.queue.name))
	s.settle(s.queue, e, "")
}

// about returns the log with the attributes of a delivery.
//
//go:noinline
func (s *sender) about(e *entry) *supervise.Log {
	return s.log.With("reporter", s.queue.name, "event", e.id)
}

// answered records that the receiver has answered, with a refusal or nil.
func (s *sender) answered(e *entry, refusal error) {
	s.queue.succeeded(refusal)
	s.about(e).End("report "+s.queue.name, "reporter %s does not fail any more", s.queue.name)
}

// mark logs that the disk did not record a delivery. The store tries again.
func (s *sender) mark(err error) {
	s.stores.Report("reporter "+s.queue.name+" may get an event twice if this process ends now", err)
}

// fail records a failure and returns how long to wait after it.
func (s *sender) fail(e *entry, err error) time.Duration {
	now := s.clock.Mono()
	pause := s.queue.failed(e, now, err)
	s.queue.rest(e, now, err)
	s.about(e).Begin("report "+s.queue.name, "reporter %s failed, event %s is tried again: %v", s.queue.name, e.id, err)
	_, store := s.settings()
	if e.held() && now-e.since > store.Age {
		s.about(e).OnCause("expired "+s.queue.name, "reporter %s did not take event %s for %s: %v", s.queue.name, e.id, humanize.Duration(now-e.since), err)
		s.settle(s.queue, e, dropExpired)
	}
	return pause
}

// pause waits for d or until the scope is stopping. It returns false if the reporter
// was removed.
func (s *sender) pause(d time.Duration) bool {
	s.scope.Sleep(s.ctx, d)
	return s.ctx.Err() == nil
}

// attempt calls the reporter once, with a copy of the event.
func (s *sender) attempt(e *entry) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	ev, release, err := e.load(s.queue.name)
	if err != nil {
		return err
	}
	defer release()
	return s.call(func(ctx context.Context) error { return s.queue.reporter.Report(ctx, ev) })
}

// enter waits until no other call of the reporter is active, which may be one of an
// earlier run.
func (s *sender) enter() (leave func(), err error) {
	select {
	case s.queue.slot <- struct{}{}:
		return func() { <-s.queue.slot }, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

// call runs one call of the reporter, within its time and under its circuit
// breaker.
func (s *sender) call(f func(context.Context) error) error {
	limit, stopping := s.queue.limit(), s.scope.Stopping()
	if stopping {
		limit = flushAttempt
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	s.queue.begin(s.clock.Mono())
	defer s.queue.end()
	err := s.queue.breaker.Call(func() error { return f(ctx) })
	if late(err) && !stopping {
		s.queue.extend()
	}
	return err
}
