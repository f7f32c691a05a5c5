package recommend

import "sync"

// A History remembers what customers have looked at.
type History struct {
	mu   sync.Mutex
	seen map[int][]view
}

type view struct {
	product int
	query   string
	context [6]float64
}

// NewHistory returns an empty history.
func NewHistory() *History { return &History{seen: map[int][]view{}} }

// Record notes that a customer has looked at a product.
func (h *History) Record(customer, product int, query string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := view{product: product, query: query}
	for i := range v.context {
		v.context[i] = float64(product%(i+2)) / 7
	}
	h.seen[customer] = append(h.seen[customer], v)
}
