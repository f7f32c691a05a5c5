package reporters

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// A letter is one event on its way into a message.
type letter struct {
	notice Notice
	sent   bool // or given up
	err    error
}

var errAbandoned = errors.New("holmes: the message was abandoned")

// A mailbox makes messages of what waits. Whoever brings a letter and finds
// nobody at work does the work, for the others too.
type mailbox struct {
	turn  chan struct{} // holds one while somebody is at work
	pacer pacer
	send  func(context.Context, []Notice) (int, error)

	mu      sync.Mutex
	waiting []*letter
}

// post returns what has become of each letter, when all have been sent or the
// context is done.
func (m *mailbox) post(ctx context.Context, letters []*letter) []error {
	m.mu.Lock()
	m.waiting = append(m.waiting, letters...)
	m.mu.Unlock()
	defer m.settle(letters, errAbandoned) // after a panic, they are in nobody's way
	for !m.all(letters) {
		select {
		case m.turn <- struct{}{}:
			m.work(ctx, letters)
		case <-ctx.Done():
			m.settle(letters, ctx.Err())
		}
	}
	out := make([]error, len(letters))
	for i, l := range letters {
		out[i] = l.err
	}
	return out
}

// all reports whether all letters are settled.
func (m *mailbox) all(letters []*letter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !slices.ContainsFunc(letters, func(l *letter) bool { return !l.sent })
}

// work sends messages until the worker's own letters are settled, and ends the
// turn.
func (m *mailbox) work(ctx context.Context, own []*letter) {
	defer func() { <-m.turn }()
	for !m.all(own) {
		if err := m.pacer.wait(ctx); err != nil {
			m.settle(own, err)
			return
		}
		m.message(ctx)
	}
}

// message sends one message of what waits.
func (m *mailbox) message(ctx context.Context) {
	m.mu.Lock()
	batch := slices.Clone(m.waiting)
	m.mu.Unlock()
	notices := make([]Notice, len(batch))
	for i, l := range batch {
		notices[i] = l.notice
	}
	n, err := m.send(ctx, notices)
	m.settle(batch[:n], err)
}

// settle says what has become of letters, unless that was said before, and takes
// them out.
func (m *mailbox) settle(letters []*letter, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range letters {
		if !l.sent {
			l.sent, l.err = true, err
		}
	}
	m.waiting = slices.DeleteFunc(m.waiting, func(l *letter) bool { return l.sent })
}
