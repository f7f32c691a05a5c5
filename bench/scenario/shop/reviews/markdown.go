// Package reviews is what customers say about products.
package reviews

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

// A Board shows reviews.
type Board struct{ catalog *catalog.Catalog }

// NewBoard returns a board.
func NewBoard(c *catalog.Catalog) *Board { return &Board{catalog: c} }

// ServeHTTP answers with the reviews of a product.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	times, _ := strconv.Atoi(r.FormValue("times"))
	p := b.catalog.Get(id)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	page, err := b.render(p, times)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(page) // the visitor has gone
}

// render writes the product's reviews, and each answer to them, as HTML.
func (b *Board) render(p *catalog.Product, answers int) ([]byte, error) {
	var text strings.Builder
	for i := range answers {
		fmt.Fprintf(&text, "## Answer %d\n\n*%s* and **%s**: [more](/product?id=%d)\n\n- %s\n- `%s`\n\n",
			i, p.Name, p.Description, p.ID, p.Description[:60], p.Tags[0])
	}
	var out bytes.Buffer
	if err := goldmark.Convert([]byte(text.String()), &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
