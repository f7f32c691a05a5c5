package flight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/hourshare"
)

// After the recorder has cost too much no session is armed for a minute, for twice
// as long each time up to an hour, and for a minute again after a session that was
// armed for a minute or longer.
const (
	minBackoff = time.Minute
	maxBackoff = time.Hour
)

// A Broker shares one Recorder. It is safe for concurrent use, and has a
// goroutine only while a session is armed or the runtime does not answer.
type Broker struct {
	recorder Recorder

	mu            sync.Mutex
	worker        *worker // nil while nothing is recorded
	members       map[*Session]struct{}
	past          hourshare.Account
	backoff       time.Duration
	backoffUntil  time.Time // until then
	backoffReason error
	cost          Cost
}

// New returns a broker for a recorder.
func New(r Recorder) *Broker {
	return &Broker{recorder: r, members: map[*Session]struct{}{}}
}

// Cost sums up all sessions.
type Cost struct {
	// Armed is whether it records now.
	Armed bool
	// Rate is the bytes of trace per second when it was measured last.
	Rate float64
	// Bytes is the size of all traces, as far as it was measured.
	Bytes int64
	// Measured is how often the ring was measured or written, and Measuring how
	// long that took. It does not stop the world.
	Measured  int
	Measuring time.Duration
	// For is how long the recorder was armed.
	For time.Duration
	// StoodDown counts the sessions that were ended before their Disarm, and
	// that did not begin as the recorder was busy. Reason is that of the last.
	StoodDown int
	Reason    error
}

// Cost returns the cost of all sessions so far.
func (b *Broker) Cost() Cost {
	b.mu.Lock()
	c := b.cost
	c.Armed = b.worker != nil && !b.worker.closing
	if b.worker != nil {
		c.For += time.Since(b.worker.start)
	}
	b.mu.Unlock()
	return c
}

// Arm starts the recorder, or joins the sessions that share it. It fails with
// [ErrBusy], [ErrCostly], [ErrBudget] or [ErrSettings], and with the context's error
// when the runtime does not answer in time. Call it in a goroutine of
// its own or with a short deadline where nothing may wait for it.
func (b *Broker) Arm(ctx context.Context, s Settings) (*Session, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, err
	}
	for {
		session, before, err := b.join(s)
		switch {
		case err != nil:
			return nil, err
		case session != nil:
			if err := session.waitStarted(ctx); err != nil {
				return nil, err
			}
			return session, nil
		}
		select {
		case <-before.done:
		case <-ctx.Done():
			return nil, timeoutError(ctx, "stopping")
		}
	}
}

// join makes a session, or returns the worker that has yet to end.
func (b *Broker) join(set Settings) (s *Session, before *worker, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.worker != nil && b.worker.closing {
		return nil, b.worker, nil
	}
	if err := b.refuse(set, time.Now()); err != nil {
		return nil, nil, err
	}
	s = &Session{broker: b, settings: set, lost: make(chan struct{}), worker: b.worker}
	b.members[s] = struct{}{}
	if b.worker == nil {
		b.worker = newWorker(b, set)
		s.worker = b.worker
		go b.worker.run()
	}
	return s, nil, nil
}

// refuse returns why no session may be armed, or nil. The lock is held.
func (b *Broker) refuse(s Settings, now time.Time) error {
	if left := b.backoffUntil.Sub(now); left > 0 {
		return fmt.Errorf("%w; it pauses for %v more", b.backoffReason, left.Round(time.Second))
	}
	if b.worker == nil && !s.Always && b.past.Exhausted(now, 0) {
		return ErrBudget
	}
	if rate := b.recorder.Predict(); rate > s.MaxRate {
		return costlyError("would write", rate, s.MaxRate)
	}
	return nil
}

func costlyError(writes string, rate, limit float64) error {
	return fmt.Errorf("%w: it %s %.1f MB/s, and %.1f are allowed", ErrCostly, writes, rate/1e6, limit/1e6)
}

// timeoutError is the error of a context that ends while the runtime is awaited.
func timeoutError(ctx context.Context, what string) error {
	return fmt.Errorf("%s the flight recorder takes too long: %w", what, context.Cause(ctx))
}

// endSessions ends the sessions for which why returns a reason. It reports whether
// none is left. The lock is held.
func (b *Broker) endSessions(why func(*Session) error) (empty bool) {
	for s := range b.members {
		reason := why(s)
		if reason == nil {
			continue
		}
		delete(b.members, s)
		s.err = reason
		close(s.lost)
		b.cost.StoodDown++
		b.cost.Reason = reason
	}
	return len(b.members) == 0
}

// beginBackoff lets no session be armed for a while. The lock is held.
func (b *Broker) beginBackoff(now time.Time, armed time.Duration) {
	if b.backoff == 0 || armed >= minBackoff {
		b.backoff = minBackoff
	} else {
		b.backoff = min(2*b.backoff, maxBackoff)
	}
	b.backoffUntil, b.backoffReason = now.Add(b.backoff), b.cost.Reason
}

// always reports whether a session wants the recorder always on: then ending the
// others saves nothing. The lock is held.
func (b *Broker) always() bool {
	for s := range b.members {
		if s.settings.Always {
			return true
		}
	}
	return false
}

// judge ends the sessions whose limits a measurement exceeds. It reports whether
// none is left.
func (b *Broker) judge(rate float64, now time.Time) (empty bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	over := !b.always() && b.past.Exhausted(now, now.Sub(b.worker.start))
	empty = b.endSessions(func(s *Session) error {
		switch {
		case rate > s.settings.MaxRate:
			return costlyError("writes", rate, s.settings.MaxRate)
		case over:
			return ErrBudget
		}
		return nil
	})
	if empty && errors.Is(b.cost.Reason, ErrCostly) {
		b.beginBackoff(now, now.Sub(b.worker.start))
	}
	b.worker.closing = b.worker.closing || empty
	return empty
}
