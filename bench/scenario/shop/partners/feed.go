// Package partners is the other companies that the shop works with.
package partners

import (
	"fmt"
	"net/http"

	jsoniter "github.com/json-iterator/go"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// Offers are what a partner sells through the shop.
type Offers struct {
	raw  []byte
	json jsoniter.API
}

// NewOffers returns the offers of a partner, who sends them as text.
func NewOffers(c *catalog.Catalog, n int) (*Offers, error) {
	o := &Offers{json: jsoniter.ConfigCompatibleWithStandardLibrary}
	var err error
	o.raw, err = o.json.Marshal(c.All()[:n])
	return o, err
}

// ServeHTTP answers how many offers there are.
func (o *Offers) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	n, err := o.count()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintln(w, n) // the visitor has gone
}

// count reads all offers to see how many can be bought.
func (o *Offers) count() (n int, err error) {
	var all []map[string]any
	if err := o.json.Unmarshal(o.raw, &all); err != nil {
		return 0, err
	}
	for _, offer := range all {
		if cents, ok := offer["cents"].(float64); ok && cents > 0 {
			n++
		}
	}
	return n, nil
}
