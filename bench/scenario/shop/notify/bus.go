package notify

import "sync"

// A Bus calls the subscribers of a price.
type Bus struct {
	mu   sync.Mutex
	told map[int][]func(cents int)
}

// NewBus returns a bus without subscribers.
func NewBus() *Bus { return &Bus{told: map[int][]func(int){}} }

// OnPrice calls back with each new price of a product.
func (b *Bus) OnPrice(product int, call func(cents int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[product] = append(b.told[product], call)
}

// A Watch has the subscriptions of customers.
type Watch struct {
	bus *Bus
}

// NewWatch returns a watch on a bus.
func NewWatch(b *Bus) *Watch { return &Watch{bus: b} }

// Follow draws the prices of a product for a customer from now on.
func (w *Watch) Follow(product int) (last func() int) {
	chart := make([]int, 300)
	next := 0
	w.bus.OnPrice(product, func(cents int) {
		chart[next%len(chart)] = cents
		next++
	})
	return func() int { return chart[max(0, next-1)%len(chart)] }
}
