// Package jobs does what need not be done at once, with a fixed number of
// workers, and bounds what may be done at a time.
package jobs

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Pool is workers and a queue.
type Pool struct {
	queue chan func()
	end   chan struct{}
	wg    sync.WaitGroup
	Done  atomic.Int64
}

// New starts the workers.
func New(workers int) *Pool {
	p := &Pool{queue: make(chan func(), 1000), end: make(chan struct{})}
	for range workers {
		p.wg.Go(p.work)
	}
	return p
}

func (p *Pool) work() {
	for {
		select {
		case job := <-p.queue:
			job()
			p.Done.Add(1)
		case <-p.end:
			return
		}
	}
}

// Submit queues a job, and drops it when the queue is full.
func (p *Pool) Submit(job func()) {
	select {
	case p.queue <- job:
	default:
	}
}

// Close waits until the workers have gone. What is queued is not done.
func (p *Pool) Close() {
	close(p.end)
	p.wg.Wait()
}

// Slots bounds how many do something at a time.
type Slots chan struct{}

// NewSlots returns n slots.
func NewSlots(n int) Slots { return make(Slots, n) }

// Acquire waits for a slot, or for the end of ctx.
func (s Slots) Acquire(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives a slot back.
func (s Slots) Release() { <-s }
