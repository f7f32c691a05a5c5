// Package notify tells customers and other services what has happened.
package notify

import (
	"context"
	"sync"
	"time"
)

// A Hub passes news on to its subscribers.
type Hub struct {
	mu          sync.Mutex
	subscribers map[int]chan string
	next        int
}

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return &Hub{subscribers: map[int]chan string{}} }

// Subscribe returns where the news will come, and a function that ends it.
func (h *Hub) Subscribe(room int) (news <-chan string, cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id, c := h.next, make(chan string, room)
	h.next++
	h.subscribers[id] = c
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subscribers, id)
	}
}

// Count is how many subscribers there are.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subscribers)
}

// Publish gives news to the subscribers that have room for them.
func (h *Hub) Publish(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.subscribers {
		select {
		case c <- text:
		default:
		}
	}
}

// Listen is one customer who looks at the shop and is told the news.
func (h *Hub) Listen(ctx context.Context, each func(string)) {
	news, cancel := h.Subscribe(8)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-news:
			each(text)
		}
	}
}

// Announce gives news to all subscribers, and waits until each has taken them.
func (h *Hub) Announce(ctx context.Context, text string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	told := 0
	for _, c := range h.subscribers {
		select {
		case c <- text:
			told++
		case <-late.C:
			return told
		case <-ctx.Done():
			return told
		}
	}
	return told
}
