package stock

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Reconciler brings the numbers of several warehouses together.
type Reconciler struct {
	mu     sync.Mutex
	queue  []move
	queued atomic.Int64
	Moved  atomic.Int64
}

type move struct{ product, number int }

// Offer says that some of a product have been moved.
func (r *Reconciler) Offer(product, number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, move{product, number})
	r.queued.Add(1)
}

// Run books what has been moved, as long as ctx lasts.
func (r *Reconciler) Run(ctx context.Context) {
	totals := map[int]int{}
	for ctx.Err() == nil {
		if r.queued.Load() == 0 {
			continue
		}
		for _, m := range r.take() {
			totals[m.product%1000] += m.number
			r.Moved.Add(1)
		}
	}
}

func (r *Reconciler) take() []move {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.queue
	r.queue = nil
	r.queued.Store(0)
	return taken
}
