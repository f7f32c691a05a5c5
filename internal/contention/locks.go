package contention

import (
	"sync"
	"sync/atomic"
)

// What a [Locks] sets: one in so many contended locks is recorded. Both are
// prime, unlike the numbers that people choose, so that they tell whose they
// are.
const (
	// Fraction is for as long as there is something to see. To record a lock
	// takes about 0.7 µs, as long as the quickest way that a contended lock
	// can change hands; so it costs a process a tenth that does nothing else.
	// Of a lock that changes hands once a second there are still two records in
	// fifteen seconds.
	Fraction = 7
	// Armed is for the time before. The runtime then looks at the clock when
	// somebody waits, which was not to be told from none.
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
	owed    atomic.Bool // others have changed that, and may put it back
}

// NewLocks returns a Locks over rate, which is
// [runtime.SetMutexProfileFraction].
func NewLocks(rate func(int) int) *Locks { return &Locks{rate: rate} }

// Arm makes a later [Locks.Hold] tell the truth, until release is called. It
// returns whether the fraction was 0 before: then the truth begins a while
// later. To release again does nothing.
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

// A LockHold is one holder's part, from [Locks.Hold] to [LockHold.Release].
type LockHold struct {
	locks *Locks
	once  sync.Once
	// Fraction is what is in force at the beginning, and Foreign whether the
	// application has set it.
	Fraction int
	Foreign  bool
}

// Hold has contended locks recorded, if they are not already.
func (l *Locks) Hold() *LockHold {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders++
	now, ours := l.aim(l.holders == 1)
	return &LockHold{locks: l, Fraction: now, Foreign: !ours}
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
		l.aim(false)
	})
	return fraction
}

// Settle takes back what others have put back. The application may have asked
// for the fraction while ours was in force, set its own, and set the one that
// it found when it was done. It costs next to nothing where that cannot be.
func (l *Locks) Settle() {
	if l.owed.Load() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.aim(false)
	}
}

// aim sets the fraction that is wanted by those who are there, if the one in
// force is ours, or is 0 and free to take. It returns what is in force then, and
// whether it is ours.
func (l *Locks) aim(free bool) (now int, ours bool) {
	now, want := l.rate(-1), l.want()
	ours = l.inForce != 0 && (now == Fraction || now == Armed)
	if now != want && (ours || now == 0 && free) {
		now, ours = l.set(now, want)
	}
	if ours {
		l.inForce = now
		l.owed.Store(false)
	} else if l.inForce != 0 {
		l.owed.Store(true)
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

// set changes the fraction from one number to another and returns what is in
// force then: the application may have set it in the meantime, and wins.
func (l *Locks) set(from, to int) (now int, ours bool) {
	if found := l.rate(to); found != from {
		l.rate(found)
		return found, false
	}
	return to, true
}
