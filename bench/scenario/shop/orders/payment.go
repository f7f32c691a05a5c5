package orders

import (
	"context"
	"net/http"
	"sync"
)

// Payments waits for what banks say.
type Payments struct {
	ctx context.Context //nolint:containedctx // of the service: a payment outlives its request

	mu      sync.Mutex
	waiting map[int]chan bool
}

// NewPayments returns payments that wait as long as ctx lasts.
func NewPayments(ctx context.Context) *Payments {
	return &Payments{ctx: ctx, waiting: map[int]chan bool{}}
}

// ServeHTTP begins a payment.
func (p *Payments) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	id, answer := len(p.waiting), make(chan bool)
	p.waiting[id] = answer
	p.mu.Unlock()
	go p.await(answer, func(paid bool) { p.book(id, paid) })
	w.WriteHeader(http.StatusAccepted)
}

// await waits for the bank.
func (p *Payments) await(answer <-chan bool, book func(bool)) {
	select {
	case paid := <-answer:
		book(paid)
	case <-p.ctx.Done():
	}
}

func (p *Payments) book(id int, paid bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if paid {
		delete(p.waiting, id)
	}
}
