package notify

import (
	"context"
	"time"
)

// An Outbox passes messages on to a service that takes them one by one.
type Outbox struct {
	ready chan string
}

// NewOutbox returns an empty outbox.
func NewOutbox() *Outbox { return &Outbox{ready: make(chan string)} }

// Push passes a message on without waiting for it.
func (o *Outbox) Push(message string) { go o.hand(message) }

func (o *Outbox) hand(message string) { o.ready <- message }

// Drain takes all messages, from the end of ctx on.
func (o *Outbox) Drain(ctx context.Context) {
	<-ctx.Done()
	for {
		select {
		case <-o.ready:
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}
