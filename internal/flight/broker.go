package flight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The share of an hour in which the recorder may be armed, so that the
// application's own finds it free.
const (
	budgetPeriod = time.Hour
	budgetShare  = budgetPeriod / 10
)

// After it has cost too much nobody is armed for a while: a minute, twice as
// long each time up to an hour, and a minute again once a session was calm for
// as long.
const (
	leastRest = time.Minute
	mostRest  = time.Hour
)

// A Broker shares one Recorder. It is safe for concurrent use, and has a
// goroutine only while somebody is armed, or the runtime does not answer.
type Broker struct {
	recorder Recorder

	mu      sync.Mutex
	hand    *hand // nil while nothing is recorded
	members map[*Session]struct{}
	past    []span // for the budget
	rest    time.Duration
	resting time.Time // until then
	restWhy error
	cost    Cost
}

// A span is when the recorder was armed.
type span struct {
	start time.Time
	took  time.Duration
}

// New returns a broker for a recorder.
func New(r Recorder) *Broker {
	return &Broker{recorder: r, members: map[*Session]struct{}{}}
}

// Cost is what the recorder has cost so far.
type Cost struct {
	// Armed is whether it records now.
	Armed bool
	// Rate is the bytes of trace per second when it was measured last.
	Rate float64
	// Bytes is how much was traced in all, as far as it was measured.
	Bytes int64
	// Measured is how often the ring was measured or written, and Measuring how
	// long that took. The runtime works meanwhile, the world goes on.
	Measured  int
	Measuring time.Duration
	// For is how long the recorder was armed.
	For time.Duration
	// StoodDown counts the sessions that were ended before their Disarm, and
	// that did not begin as the recorder was busy. Reason is that of the last.
	StoodDown int
	Reason    error
}

// Cost returns the account of all sessions.
func (b *Broker) Cost() Cost {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cost
	c.Armed = b.hand != nil && !b.hand.leaving
	if b.hand != nil {
		c.For += time.Since(b.hand.start)
	}
	return c
}

// Arm records from now on, or joins those who do. It fails with [ErrBusy],
// [ErrCostly], [ErrBudget] or [ErrSettings], and with ErrBusy and the context's
// error when the runtime does not answer in time. What is to be done under
// suspicion must not wait for it: give it a goroutine or a short deadline.
func (b *Broker) Arm(ctx context.Context, s Settings) (*Session, error) {
	s, err := s.filled()
	if err != nil {
		return nil, err
	}
	for {
		session, before, err := b.join(s)
		switch {
		case err != nil:
			return nil, err
		case session != nil:
			if err := session.settle(ctx); err != nil {
				return nil, err
			}
			return session, nil
		}
		select {
		case <-before.done:
		case <-ctx.Done():
			return nil, notYet(ctx, "stopping it")
		}
	}
}

// join makes a session, or returns the hand that has yet to end.
func (b *Broker) join(set Settings) (s *Session, before *hand, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hand != nil && b.hand.leaving {
		return nil, b.hand, nil
	}
	if err := b.refuse(set, time.Now()); err != nil {
		return nil, nil, err
	}
	s = &Session{broker: b, settings: set, lost: make(chan struct{}), hand: b.hand}
	b.members[s] = struct{}{}
	if b.hand == nil {
		b.hand = newHand(b, set)
		s.hand = b.hand
		go b.hand.run()
	}
	return s, nil, nil
}

// refuse says why a session is not to be. The lock is held.
func (b *Broker) refuse(s Settings, now time.Time) error {
	if left := b.resting.Sub(now); left > 0 {
		return fmt.Errorf("%w; it rests for %v more", b.restWhy, left.Round(time.Second))
	}
	if b.hand == nil && !s.Always && b.spent(now) >= budgetShare {
		return ErrBudget
	}
	if rate := b.recorder.Predict(); rate > s.MaxRate {
		return tooMuch("would write", rate, s.MaxRate)
	}
	return nil
}

func tooMuch(writes string, rate, limit float64) error {
	return fmt.Errorf("%w: it %s %.1f MB/s, and %.1f are allowed", ErrCostly, writes, rate/1e6, limit/1e6)
}

// notYet is what a context's end means here.
func notYet(ctx context.Context, what string) error {
	return fmt.Errorf("%w: %s takes longer than there is time: %w", ErrBusy, what, context.Cause(ctx))
}

// spent returns how long the recorder was armed within the last budgetPeriod.
// The lock is held.
func (b *Broker) spent(now time.Time) (sum time.Duration) {
	kept := b.past[:0]
	for _, s := range b.past {
		if now.Sub(s.start) < budgetPeriod {
			kept = append(kept, s)
			sum += s.took
		}
	}
	b.past = kept
	if b.hand != nil {
		sum += now.Sub(b.hand.start)
	}
	return sum
}

// lose ends the sessions for whom why returns a reason, before their Disarm. It
// is true when there is nobody left. The lock is held.
func (b *Broker) lose(why func(*Session) error) (alone bool) {
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

// costly begins a rest. The lock is held.
func (b *Broker) costly(now time.Time, armed time.Duration) {
	if b.rest == 0 || armed >= leastRest {
		b.rest = leastRest
	} else {
		b.rest = min(2*b.rest, mostRest)
	}
	b.resting, b.restWhy = now.Add(b.rest), b.cost.Reason
}

// always reports whether somebody wants the recorder always on: then nobody
// saves anything by leaving. The lock is held.
func (b *Broker) always() bool {
	for s := range b.members {
		if s.settings.Always {
			return true
		}
	}
	return false
}

// judge holds what was measured against what each member allows. It is true
// when there is nobody left.
func (b *Broker) judge(rate float64, now time.Time) (alone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	over := !b.always() && b.spent(now) >= budgetShare
	alone = b.lose(func(s *Session) error {
		switch {
		case rate > s.settings.MaxRate:
			return tooMuch("writes", rate, s.settings.MaxRate)
		case over:
			return ErrBudget
		}
		return nil
	})
	if alone && errors.Is(b.cost.Reason, ErrCostly) {
		b.costly(now, now.Sub(b.hand.start))
	}
	b.hand.leaving = b.hand.leaving || alone
	return alone
}
