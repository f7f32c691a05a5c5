// Package catalog is what the shop sells.
package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Product is one thing that can be bought.
type Product struct {
	ID          int      `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Cents       int      `json:"cents"`
	Rating      float64  `json:"rating"`
	Reviews     []Review `json:"reviews"`
}

// A Review is what a customer said.
type Review struct {
	By    string `json:"by"`
	Stars int    `json:"stars"`
	Text  string `json:"text"`
}

// A Catalog holds all products.
type Catalog struct {
	mu       sync.RWMutex
	products []*Product
	byTag    map[string][]*Product
}

const words = "red blue small large steel paper desk lamp chair garden kitchen cotton warm light heavy round " +
	"stapler folder pencil board cable mug plate blanket shelf drawer hook basket candle mirror frame"

// Words are what products are described with.
func Words() []string { return strings.Fields(words) }

func phrase(n int) string {
	all := Words()
	picked := make([]string, n)
	for i := range picked {
		picked[i] = all[rand.IntN(len(all))]
	}
	return strings.Join(picked, " ")
}

// New returns a catalog of n products.
func New(n int) *Catalog {
	c := &Catalog{byTag: map[string][]*Product{}}
	for id := range n {
		p := &Product{
			ID: id, Name: phrase(3), Description: phrase(120), Tags: strings.Fields(phrase(4)),
			Cents: 100 + rand.IntN(20_000), Rating: 1 + 4*rand.Float64(),
		}
		for range rand.IntN(6) {
			p.Reviews = append(p.Reviews, Review{By: phrase(2), Stars: 1 + rand.IntN(5), Text: phrase(25)})
		}
		c.products = append(c.products, p)
	}
	c.index()
	return c
}

func (c *Catalog) index() {
	for _, p := range c.products {
		for _, t := range p.Tags {
			c.byTag[t] = append(c.byTag[t], p)
		}
	}
}

// All returns the products. They are not to be changed.
func (c *Catalog) All() []*Product {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.products
}

// Get returns one product, or nil.
func (c *Catalog) Get(id int) *Product {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if id < 0 || id >= len(c.products) {
		return nil
	}
	return c.products[id]
}

// Tagged returns the first products with a tag.
func (c *Catalog) Tagged(tag string, most int) []*Product {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found := c.byTag[tag]
	return slices.Clone(found[:min(most, len(found))])
}

// Copy returns a product that can be changed.
func (p *Product) Copy() *Product {
	c := *p
	c.Tags = slices.Clone(p.Tags)
	c.Reviews = slices.Clone(p.Reviews)
	c.Description = strings.Clone(p.Description)
	return &c
}

// Reprice gives one product a new price.
func (c *Catalog) Reprice(id, cents int) {
	old := c.Get(id)
	if old == nil {
		return
	}
	changed := old.Copy()
	changed.Cents = cents
	c.mu.Lock()
	defer c.mu.Unlock()
	c.products[id] = changed
}

// ServeProduct answers with one product.
func (c *Catalog) ServeProduct(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	p := c.Get(id)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	shown := p.Copy()
	shown.Description += "." // as people write
	writeJSON(w, shown)
}

// ServeList answers with the cheapest products of a tag.
func (c *Catalog) ServeList(w http.ResponseWriter, r *http.Request) {
	all := Words()
	id, _ := strconv.Atoi(r.FormValue("tag"))
	found := c.Tagged(all[id%len(all)], 1000)
	slices.SortFunc(found, func(a, b *Product) int {
		return cmp.Or(cmp.Compare(a.Cents, b.Cents), cmp.Compare(a.Name, b.Name))
	})
	type entry struct {
		ID    int    `json:"id"`
		Name  string `json:"name"`
		Price string `json:"price"`
	}
	out := make([]entry, 0, 40)
	for _, p := range found[:min(40, len(found))] {
		out = append(out, entry{p.ID, p.Name, fmt.Sprintf("%d.%02d", p.Cents/100, p.Cents%100)})
	}
	writeJSON(w, out)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the visitor has gone
}
