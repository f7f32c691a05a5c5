// Package search finds products by their words.
package search

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// mostFound is how many products of one word are looked at.
const mostFound = 2000

// An Index knows which words are in which products. Nothing changes it.
type Index struct {
	postings map[string][]posting
	products int
	catalog  *catalog.Catalog
}

type posting struct {
	product int32
	count   int32
}

// New returns the index of a catalog.
func New(c *catalog.Catalog) *Index {
	x := &Index{postings: map[string][]posting{}, catalog: c}
	for _, p := range c.All() {
		x.products++
		counts := map[string]int32{}
		for word := range strings.FieldsSeq(p.Name + " " + p.Description) {
			counts[word]++
		}
		for word, n := range counts {
			x.postings[word] = append(x.postings[word], posting{int32(p.ID), n}) //nolint:gosec // some thousand products
		}
	}
	return x
}

// A Hit is a product and how well it fits.
type Hit struct {
	ID    int     `json:"id"`
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// Find returns the best products for some words.
func (x *Index) Find(terms []string, most int) []Hit {
	scores := map[int32]float64{}
	for _, t := range terms {
		found := x.postings[t]
		rare := math.Log(1 + float64(x.products)/float64(1+len(found)))
		for _, p := range found[:min(len(found), mostFound)] {
			scores[p.product] += rare * float64(p.count)
		}
	}
	hits := make([]Hit, 0, len(scores))
	for id, s := range scores {
		hits = append(hits, Hit{ID: int(id), Score: s})
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	hits = hits[:min(most, len(hits))]
	for i := range hits {
		if p := x.catalog.Get(hits[i].ID); p != nil {
			hits[i].Name = p.Name
		}
	}
	return hits
}

// ServeHTTP answers a search.
func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all := catalog.Words()
	n, _ := strconv.Atoi(r.FormValue("q"))
	hits := x.Find([]string{all[n%len(all)], all[(n/31)%len(all)]}, 20)
	_ = json.NewEncoder(w).Encode(hits) // the visitor has gone
}
