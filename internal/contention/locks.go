package contention

import (
	"sync"
	"sync/atomic"
)

// Fraction is what a [Locks] sets: one in so many contended locks is recorded.
// To record one takes about 0.7 µs, as long as the quickest way that a
// contended lock can change hands, so of a process that does nothing else it is
// a tenth. A lock that is fought for once a second still has two records in
// fifteen seconds. And it is prime, unlike the numbers that people choose, so
// that it tells whose it is.
const Fraction = 7

// A Locks shares the fraction of contended locks that is recorded. It is safe
// for concurrent use.
type Locks struct {
	rate func(int) int

	mu      sync.Mutex
	holders int
	ours    bool        // the fraction was set here
	owed    atomic.Bool // it was changed by others, who may put ours back
}

// NewLocks returns a Locks over rate, which is
// [runtime.SetMutexProfileFraction].
func NewLocks(rate func(int) int) *Locks { return &Locks{rate: rate} }

// A LockHold is one holder's part, from [Locks.Hold] to [LockHold.Release].
type LockHold struct {
	locks *Locks
	once  sync.Once
	// Fraction is what was in force at the beginning, and Foreign whether the
	// application had set it.
	Fraction int
	Foreign  bool
}

// Hold turns recording on, unless it is already.
func (l *Locks) Hold() *LockHold {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders++
	now := l.rate(-1)
	switch {
	case l.holders > 1:
	case now == 0:
		now = l.set(0, Fraction)
		l.ours = now == Fraction
	case now == Fraction && l.owed.Load():
		l.ours = true
	}
	return &LockHold{locks: l, Fraction: now, Foreign: !l.ours || now != Fraction}
}

// Release ends the hold and returns the fraction that was in force until then.
// The last one puts it back. Again it does nothing.
func (h *LockHold) Release() (fraction int) {
	h.once.Do(func() {
		l := h.locks
		l.mu.Lock()
		defer l.mu.Unlock()
		l.holders--
		fraction = l.rate(-1)
		if l.holders > 0 || !l.ours {
			return
		}
		l.ours = false
		l.owed.Store(fraction != Fraction || l.set(Fraction, 0) != 0)
	})
	return fraction
}

// Settle turns off what others have put back. The application may have asked for
// the fraction while ours was in force, set its own, and set the one that it
// found when it was done. It costs next to nothing where that cannot be.
func (l *Locks) Settle() {
	if !l.owed.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holders == 0 && l.rate(-1) == Fraction {
		l.owed.Store(l.set(Fraction, 0) != 0)
	}
}

// set changes the fraction from one number to another and returns what is in
// force then: the application may have set it in the meantime, and wins.
func (l *Locks) set(from, to int) int {
	if found := l.rate(to); found != from {
		l.rate(found)
		return found
	}
	return to
}
