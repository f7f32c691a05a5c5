package search

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// A Marker shows where in products the words of a search are.
type Marker struct{ catalog *catalog.Catalog }

// NewMarker returns a marker.
func NewMarker(c *catalog.Catalog) *Marker { return &Marker{catalog: c} }

// ServeHTTP answers with the marked descriptions of some products.
func (m *Marker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("n"))
	from, _ := strconv.Atoi(r.FormValue("id"))
	for i := range n {
		if p := m.catalog.Get(from + i); p != nil {
			_, _ = w.Write([]byte(highlight(p.Description, p.Tags))) // the visitor has gone
		}
	}
}

// highlight puts marks around the terms in a text, whatever their case.
func highlight(text string, terms []string) string {
	for _, t := range terms {
		word := regexp.MustCompile(`(?i)\b(` + regexp.QuoteMeta(t) + `|` + strings.ToUpper(t) + `s?)\b`)
		text = word.ReplaceAllString(text, "<b>$1</b>")
	}
	return text
}
