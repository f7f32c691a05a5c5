// Package reports tells the shop's owners how it goes.
package reports

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// An Exporter gives products away in bulk.
type Exporter struct{ catalog *catalog.Catalog }

// NewExporter returns an exporter.
func NewExporter(c *catalog.Catalog) *Exporter { return &Exporter{catalog: c} }

// ServeHTTP answers with the total of some products.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("n"))
	all, err := e.snapshot(n)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := 0
	for _, p := range all {
		sum += p.Cents
	}
	_, _ = fmt.Fprintln(w, sum) // the visitor has gone
}

// snapshot copies products, so that others cannot change them.
func (e *Exporter) snapshot(n int) ([]catalog.Product, error) {
	raw, err := json.Marshal(e.catalog.All()[:n])
	if err != nil {
		return nil, err
	}
	var copied []catalog.Product
	err = json.Unmarshal(raw, &copied)
	return copied, err
}
