package holmes

import "github.com/go-holmes/holmes/internal/contention"

// WatchContention returns a function that takes the contention profiles of an event
// that is over at once, without writing them.
func WatchContention(h *Holmes, kinds ...Kind) (watch, end func()) {
	r := h.newRun()
	taker := r.incidents.Taker()
	return func() { taker.WatchOnce(kinds) }, func() {
		r.work.stop()
		r.monitor.Release()
		r.cancel()
	}
}

// SetBlockRate gives instances a block profile's rate of their own.
func SetBlockRate(set func(nanoseconds int), hs ...*Holmes) {
	b := contention.NewBlocks(set)
	for _, h := range hs {
		h.captures.Blocks = b
	}
}

// Fractions of the mutex profile that holmes sets during an event, and while one
// is possible.
const (
	LockFraction = contention.Fraction
	LockArmed    = contention.Armed
)
