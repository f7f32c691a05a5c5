package reporters

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// An item is one event that waits to be part of a message.
type item struct {
	notice  Notice
	settled bool // sent, or given up
	err     error
}

var errAbandoned = errors.New("holmes: the message was abandoned")

// A batcher makes messages of the items that wait. It has no goroutine: the first
// caller of deliver sends, for the callers that come meanwhile too.
type batcher struct {
	turn  chan struct{} // holds one while a caller sends
	pacer pacer
	send  func(context.Context, []Notice) (int, error)

	mu      sync.Mutex
	waiting []*item
}

// deliver returns the result of each item, when all are settled or the context
// is done.
func (b *batcher) deliver(ctx context.Context, items []*item) []error {
	b.mu.Lock()
	b.waiting = append(b.waiting, items...)
	b.mu.Unlock()
	defer b.settle(items, errAbandoned) // after a panic, so that they do not stay in the queue
	for !b.allSettled(items) {
		select {
		case b.turn <- struct{}{}:
			b.sendUntilSettled(ctx, items)
		case <-ctx.Done():
			b.settle(items, ctx.Err())
		}
	}
	out := make([]error, len(items))
	for i, it := range items {
		out[i] = it.err
	}
	return out
}

func (b *batcher) allSettled(items []*item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !slices.ContainsFunc(items, func(it *item) bool { return !it.settled })
}

// sendUntilSettled sends messages until the caller's own items are settled, and
// gives the turn back.
func (b *batcher) sendUntilSettled(ctx context.Context, own []*item) {
	defer func() { <-b.turn }()
	for !b.allSettled(own) {
		if err := b.pacer.wait(ctx); err != nil {
			b.settle(own, err)
			return
		}
		b.sendBatch(ctx)
	}
}

// sendBatch sends one message about the items that wait.
func (b *batcher) sendBatch(ctx context.Context) {
	b.mu.Lock()
	batch := slices.Clone(b.waiting)
	b.mu.Unlock()
	notices := make([]Notice, len(batch))
	for i, it := range batch {
		notices[i] = it.notice
	}
	n, err := b.send(ctx, notices)
	b.settle(batch[:n], err)
}

// settle gives items their result, unless they have one, and takes them out of
// the queue.
func (b *batcher) settle(items []*item, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, it := range items {
		if !it.settled {
			it.settled, it.err = true, err
		}
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(it *item) bool { return it.settled })
}
