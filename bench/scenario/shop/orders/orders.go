// Package orders takes what customers have decided to buy.
package orders

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/bench/scenario/shop/jobs"
	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// An Order is one customer's.
type Order struct {
	Customer int    `json:"customer"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Zip      string `json:"zip"`
	Items    []struct {
		Product int `json:"product"`
		Number  int `json:"number"`
	} `json:"items"`
}

// A Desk takes orders.
type Desk struct {
	db   *sql.DB
	jobs *jobs.Pool
	log  *zap.Logger
}

// New returns a desk.
func New(db *sql.DB, pool *jobs.Pool, log *zap.Logger) *Desk {
	return &Desk{db: db, jobs: pool, log: log}
}

// ServeHTTP takes an order.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	row, err := storage.Get(r.Context(), d.db, "put order "+strconv.Itoa(o.Customer))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	d.jobs.Submit(func() { d.confirm(o) })
	d.log.Info("order", zap.Int("customer", o.Customer), zap.Int("items", len(o.Items)), zap.String("row", row.Value))
	_, _ = fmt.Fprintln(w, "thank you") // the visitor has gone
}

// confirm writes the customer a letter.
func (d *Desk) confirm(o Order) {
	letter, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		d.log.Error("letter", zap.Error(err))
		return
	}
	sum := sha256.Sum256(letter)
	d.log.Debug("letter", zap.Binary("sum", sum[:]))
}
