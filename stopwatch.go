package holmes

import (
	"sync/atomic"
	"time"
)

// A stopwatch remembers how long something takes.
type stopwatch struct{ last atomic.Int64 }

// unmeasured is what a heap profile is taken to need before one was timed:
// several times what it needs in a small service.
const unmeasured = 20 * time.Millisecond

func (s *stopwatch) add(d time.Duration) { s.last.Store(int64(d)) }

// expected is as long as the last time.
func (s *stopwatch) expected() time.Duration {
	if d := time.Duration(s.last.Load()); d > 0 {
		return d
	}
	return unmeasured
}
