package holmes

import "github.com/go-holmes/holmes/internal/contention"

// WatchWaits returns what takes the profiles of waiting of an event that is
// over at once, without writing them.
func WatchWaits(h *Holmes, kinds ...Kind) (watch, end func()) {
	r := h.newRun()
	r.armLocks(h.cfg.Load())
	watch = func() {
		w := r.newWaitWatch(h.cfg.Load(), kinds)
		w.begin(r.Ctx)
		w.end()
	}
	return watch, func() {
		r.disarmLocks()
		r.meter.Close()
	}
}

// SetBlockRate gives instances a block profile's rate of their own.
func SetBlockRate(set func(nanoseconds int), hs ...*Holmes) {
	b := contention.NewBlocks(set)
	for _, h := range hs {
		h.waits.blocks = b
	}
}

// What holmes sets the mutex profile's fraction to: during an event, and while
// one is possible.
const (
	LockFraction = contention.Fraction
	LockArmed    = contention.Armed
)
