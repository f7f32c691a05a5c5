package contention

import (
	"slices"
	"sync"
	"time"
)

// A Blocks shares the rate at which blocking is recorded. It is safe for
// concurrent use.
type Blocks struct {
	rate func(nanoseconds int)

	mu   sync.Mutex
	held []time.Duration // the wish of each holder
}

// NewBlocks returns a Blocks over rate, which is [runtime.SetBlockProfileRate].
func NewBlocks(rate func(nanoseconds int)) *Blocks { return &Blocks{rate: rate} }

// Hold records blocking, one record for each such time, until release is called. The
// shortest time of several holders applies. The last release turns recording off. A
// second call of release does nothing.
func (b *Blocks) Hold(each time.Duration) (release func()) {
	b.change(func() { b.held = append(b.held, each) })
	return sync.OnceFunc(func() {
		b.change(func() {
			i := slices.Index(b.held, each)
			b.held = slices.Delete(b.held, i, i+1)
		})
	})
}

func (b *Blocks) change(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
	if len(b.held) == 0 {
		b.rate(0)
		return
	}
	b.rate(int(slices.Min(b.held)))
}
