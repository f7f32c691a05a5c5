// Package stock knows how many of each product there are.
package stock

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// A Warehouse counts what is there and what is reserved.
type Warehouse struct {
	db *sql.DB

	mu    sync.Mutex
	count map[int]int
}

// New returns a warehouse with some of each product.
func New(db *sql.DB, products int) *Warehouse {
	w := &Warehouse{db: db, count: map[int]int{}}
	for id := range products {
		w.count[id] = 1000
	}
	return w
}

// Reserve takes one product out of the stock, if it is there.
func (w *Warehouse) Reserve(id int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count[id] == 0 {
		w.count[id] = 1000 // the next delivery
		return false
	}
	w.count[id]--
	return true
}

// ServeHTTP reserves a product and writes that down.
func (w *Warehouse) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	reserved := w.Reserve(id)
	row, err := storage.Get(r.Context(), w.db, "put stock-"+strconv.Itoa(id)+" "+strconv.FormatBool(reserved))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(rw, reserved, row.Value) // the visitor has gone
}

// Recount takes the numbers of some products from the database.
func (w *Warehouse) Recount(ctx context.Context, first, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := first; id < first+n; id++ {
		row, err := storage.Get(ctx, w.db, "get stock-"+strconv.Itoa(id))
		if err != nil {
			return fmt.Errorf("recount of %d: %w", id, err)
		}
		w.count[id] += row.ID
	}
	return nil
}
