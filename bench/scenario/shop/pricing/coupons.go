// Package pricing works out what customers have to pay.
package pricing

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// A Coupon takes a part off the price, and something from a price on.
type Coupon struct {
	Percent int
	Off     int
	From    int
}

// A Desk answers what a product costs with coupons.
type Desk struct{ catalog *catalog.Catalog }

// NewDesk returns a desk.
func NewDesk(c *catalog.Catalog) *Desk { return &Desk{catalog: c} }

// ServeHTTP answers with the best price.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	n, _ := strconv.Atoi(r.FormValue("coupons"))
	p := d.catalog.Get(id)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	coupons := make([]Coupon, n)
	for i := range coupons {
		coupons[i] = Coupon{Percent: 1 + (id+i)%5, Off: 10 * i, From: 100 * i}
	}
	_, _ = fmt.Fprintln(w, applyCoupons(p.Cents, coupons)) // the visitor has gone
}

// applyCoupons tries which of the coupons together make the lowest price.
func applyCoupons(cents int, coupons []Coupon) int {
	best := cents
	for set := range 1 << len(coupons) {
		price := cents
		for i, c := range coupons {
			if set&(1<<i) == 0 || price < c.From {
				continue
			}
			price -= price*c.Percent/100 + c.Off
			if price%5 != 0 { // coins
				price -= price % 5
			}
		}
		if price > 0 && price < best {
			best = price
		}
	}
	return best
}
