// Package recommend finds what a customer may like too.
package recommend

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

const features = 64

// A Model knows products by their features.
type Model struct {
	of map[int][]float32
}

// NewModel learns the products of a catalog.
func NewModel(c *catalog.Catalog) *Model {
	m := &Model{of: map[int][]float32{}}
	for _, p := range c.All() {
		f := make([]float32, features)
		for _, t := range p.Tags {
			h := fnv.New32a()
			_, _ = h.Write([]byte(t)) // it cannot fail
			f[h.Sum32()%features]++
		}
		m.of[p.ID] = f
	}
	return m
}

// ServeHTTP answers with the nearest product.
func (m *Model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	_ = json.NewEncoder(w).Encode(m.Similar(id%len(m.of), r.FormValue("all") != "")) // the visitor has gone
}

// Similar returns the product that is most like another one: among its
// neighbours, or among all.
func (m *Model) Similar(id int, all bool) int {
	mine := m.of[id]
	near := func(other int) float64 {
		var dot, a, b float64
		for i, x := range m.of[other] {
			dot += float64(x * mine[i])
			a += float64(x * x)
			b += float64(mine[i] * mine[i])
		}
		return dot / (math.Sqrt(a)*math.Sqrt(b) + 1)
	}
	candidates := 50
	if all {
		candidates = len(m.of)
	}
	return best(candidates, func(i int) bool { return i == id }, near)
}

// best returns the candidate with the highest score.
func best(n int, skip func(int) bool, score func(int) float64) int {
	found, high := -1, math.Inf(-1)
	for i := range n {
		if skip(i) {
			continue
		}
		if s := score(i); s > high {
			found, high = i, s
		}
	}
	return found
}
