// Package cart is what customers are about to buy.
package cart

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// most is how many carts there are; the oldest of them are forgotten.
const most = 4000

// Carts holds the carts of all customers.
type Carts struct {
	catalog *catalog.Catalog

	mu    sync.Mutex
	carts map[int][]Item
	order []int
}

// An Item is a number of one product.
type Item struct {
	Product int `json:"product"`
	Number  int `json:"number"`
}

// New returns no carts yet.
func New(c *catalog.Catalog) *Carts {
	return &Carts{catalog: c, carts: map[int][]Item{}}
}

// ServeHTTP puts what it is sent into a cart, and answers with the sum.
func (c *Carts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Customer int    `json:"customer"`
		Items    []Item `json:"items"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	items := c.add(in.Customer, in.Items)
	sum := 0
	for _, i := range items {
		if p := c.catalog.Get(i.Product); p != nil {
			sum += i.Number * p.Cents
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]int{"cents": sum}) // the visitor has gone
}

func (c *Carts) add(customer int, items []Item) []Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	have, known := c.carts[customer]
	if !known {
		c.order = append(c.order, customer)
	}
	if len(have) > 20 {
		have = nil
	}
	have = append(have, items...)
	c.carts[customer] = have
	for len(c.order) > most {
		delete(c.carts, c.order[0])
		c.order = c.order[1:]
	}
	return have
}
