package recommend

import (
	"sync"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// A Shelf is what a customer has looked at last.
type Shelf struct {
	mu   sync.Mutex
	last map[int][]*catalog.Product
}

// NewShelf returns an empty shelf.
func NewShelf() *Shelf { return &Shelf{last: map[int][]*catalog.Product{}} }

// Put remembers a product as it was when the customer saw it.
func (s *Shelf) Put(customer int, p *catalog.Product) {
	seen := p.Copy()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[customer] = append(s.last[customer], seen)
}
