package api

import (
	"context"
	"sync"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// places bound the uploads that are received at the same time. When all are taken,
// the slowest one loses its place: clients that hardly send cannot keep others out.
type places struct {
	slots chan struct{}
	grace time.Duration // after which an upload can lose its place

	mu    sync.Mutex
	taken map[*pacedBody]bool
}

func newPlaces(n int, grace time.Duration) *places {
	return &places{slots: make(chan struct{}, n), grace: grace, taken: map[*pacedBody]bool{}}
}

// take takes a place. The error is one of code [collector.Busy] if all are taken by
// uploads that are fast enough.
func (p *places) take(ctx context.Context, body *pacedBody) (leave func(), err error) {
	select {
	case p.slots <- struct{}{}:
	default:
		slowest := p.slowest()
		if slowest == nil {
			return nil, errBusy()
		}
		slowest.cut()
		wait, stop := context.WithTimeout(ctx, busyRetry)
		defer stop()
		select {
		case p.slots <- struct{}{}:
		case <-wait.Done():
			return nil, errBusy()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[body] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.taken, body)
		<-p.slots
	}, nil
}

// slowest returns the slowest upload below the minimum rate, or nil.
func (p *places) slowest() (slowest *pacedBody) {
	p.mu.Lock()
	defer p.mu.Unlock()
	least := 1.0
	for body := range p.taken {
		if rate := body.pace(p.grace); rate < least {
			slowest, least = body, rate
		}
	}
	return slowest
}

func errBusy() error {
	return &collector.Error{Code: collector.Busy, RetryAfter: busyRetry, Message: "too many requests at the same time"}
}
