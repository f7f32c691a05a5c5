package capture

import (
	"sync"
	"time"
)

// A cpuHold is the time in which other code holds the CPU profiler, as far as it was
// tried.
type cpuHold struct {
	mu          sync.Mutex
	holder      string        // empty while the profiler is not held
	since, last time.Duration // mono of the first and the last attempt
	lasts       bool          // and was logged
}

const (
	// lastingHold is how long a hold lasts that is taken for one for good, as that of a
	// continuous profiler: net/http/pprof takes 30 s by default.
	lastingHold = time.Minute
	// maxUntried is the time between two attempts that find the profiler held, in which
	// it may have been free: the baseline tries it every ten minutes at most.
	maxUntried = 30 * time.Minute
)

// meet records that the profiler is held, by whom find tells. It reports whether the hold
// has begun to last.
func (h *cpuHold) meet(now time.Duration, find func() string) (begins bool) {
	if h.holder == "" || now-h.last > maxUntried {
		h.holder, h.since, h.lasts = find(), now, false
	}
	h.last = now
	begins = !h.lasts && now-h.since >= lastingHold
	h.lasts = h.lasts || begins
	return begins
}
