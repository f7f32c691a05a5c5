package capture

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A Store keeps events and delivers them.
type Store interface {
	// NextID returns the ID of an event.
	NextID(at time.Time, s detect.Signal) string
	// Create makes the directory of an event. With an error the files are in memory.
	Create(ctx context.Context, id string) (eventstore.Files, error)
	// Deliver delivers a complete event. The event and its files belong to the store
	// from then on.
	Deliver(ev *event.Event, files *eventstore.Files)
}

// Captures takes the evidence of all events of a fleet.
type Captures struct {
	config    config.Capture
	store     Store
	limits    *Limits
	baselines *Baselines
	log       *zap.Logger

	ctx     context.Context // of all captures
	cancel  context.CancelFunc
	mu      sync.Mutex // for stopped
	stopped bool
	tasks   sync.WaitGroup
	parsing chan struct{} // holds one while profiles are decoded

	stats Stats
}

// Stats counts suspicions and what became of them.
type Stats struct {
	Suspected, Dismissed, Captured, Refused atomic.Uint64
	// Failed counts profiles that could not be taken.
	Failed atomic.Uint64
	// Baselines counts profiles of calm times.
	Baselines atomic.Uint64
}

// New returns captures that write to a store.
func New(c config.Capture, l *Limits, s Store, log *zap.Logger) *Captures {
	ctx, cancel := context.WithCancel(context.Background())
	return &Captures{
		config: c, store: s, limits: l, baselines: newBaselines(time.Duration(c.BaselineEvery)), log: log,
		ctx: ctx, cancel: cancel, parsing: make(chan struct{}, 1),
	}
}

// Stats returns the counters.
func (c *Captures) Stats() *Stats { return &c.stats }

// Stop ends all captures, which conclude with what they have, and waits for them.
func (c *Captures) Stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.cancel()
	c.tasks.Wait()
}

// run runs f in a goroutine that Stop waits for. It reports whether it did, which it
// does not after Stop.
func (c *Captures) run(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return false
	}
	c.tasks.Go(f)
	return true
}

// decoding runs f, one at a time: a decoded profile takes many times its size.
func (c *Captures) decoding(f func()) {
	c.parsing <- struct{}{}
	defer func() { <-c.parsing }()
	f()
}

// lasting is the duration of profiles.
func (c *Captures) lasting() time.Duration { return time.Duration(c.config.Seconds) }
