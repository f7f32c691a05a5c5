package contention

import (
	"sync"
	"sync/atomic"
)

// The fractions that a [Locks] sets: one in so many contended locks is recorded. Both
// are primes, which applications hardly choose, so that they can be recognized.
const (
	// Fraction is for a recording. To record a lock takes about 0.7 µs, as long
	// as the fastest change of hands of a contended lock; so it costs a tenth of
	// the time of a process that does nothing else. A lock that changes hands
	// once a second still has two records in fifteen seconds.
	Fraction = 7
	// Armed is for the time before a recording. The runtime then reads the clock
	// when a goroutine begins to wait, at no measurable cost.
	Armed = 1_000_003
)

// A Locks shares the fraction of contended locks that is recorded. It is safe
// for concurrent use.
type Locks struct {
	rate func(int) int

	mu      sync.Mutex
	armed   int
	holders int
	inForce int         // what was set here last
	stolen  atomic.Bool // the application has changed that, and may put it back
}

// NewLocks returns a Locks over rate, which is
// [runtime.SetMutexProfileFraction].
func NewLocks(rate func(int) int) *Locks { return &Locks{rate: rate} }

// Arm makes later profiles of [Locks.Hold] correct, until release is called. It
// returns whether the fraction was 0 before: then they become correct a while later. A
// second call of release does nothing.
func (l *Locks) Arm() (release func(), fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh = l.rate(-1) == 0
	l.armed++
	l.aim(l.holders == 0)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.armed--
		l.aim(false)
	}), fresh
}

// A LockHold lasts from [Locks.Hold] to [LockHold.Release].
type LockHold struct {
	locks *Locks
	once  sync.Once
	// Fraction is in force at the beginning, and Foreign says whether the
	// application has set it.
	Fraction int
	Foreign  bool
}

// Hold records contended locks, if they are not recorded already.
func (l *Locks) Hold() *LockHold {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders++
	now, ours := l.aim(l.holders == 1)
	return &LockHold{locks: l, Fraction: now, Foreign: !ours}
}

// Release ends the hold and returns the fraction that was in force until then.
// The last Release restores the former one. A second call does nothing.
func (h *LockHold) Release() (fraction int) {
	h.once.Do(func() {
		l := h.locks
		l.mu.Lock()
		defer l.mu.Unlock()
		l.holders--
		fraction = l.rate(-1)
		l.aim(false)
	})
	return fraction
}

// Settle undoes a fraction of this package that the application has put back: it may
// have read that fraction, set its own, and restored the former one when it was done.
// Otherwise Settle costs next to nothing.
func (l *Locks) Settle() {
	if l.stolen.Load() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.aim(false)
	}
}

// aim sets the wanted fraction, if the one in force is of this package, or is 0 and
// free to take. It returns the fraction in force then, and whether it is of this
// package.
func (l *Locks) aim(free bool) (now int, ours bool) {
	now, want := l.rate(-1), l.want()
	ours = l.inForce != 0 && (now == Fraction || now == Armed)
	if now != want && (ours || now == 0 && free) {
		now, ours = l.set(now, want)
	}
	if ours {
		l.inForce = now
		l.stolen.Store(false)
	} else if l.inForce != 0 {
		l.stolen.Store(true)
	}
	return now, ours
}

func (l *Locks) want() int {
	switch {
	case l.holders > 0:
		return Fraction
	case l.armed > 0:
		return Armed
	default:
		return 0
	}
}

// set changes the fraction from one number to another and returns the one in force
// then: if the application has set it in the meantime, that one stays.
func (l *Locks) set(from, to int) (now int, ours bool) {
	if found := l.rate(to); found != from {
		l.rate(found)
		return found, false
	}
	return to, true
}
