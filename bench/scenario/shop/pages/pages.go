// Package pages renders products as HTML, and keeps what it has rendered.
package pages

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
)

const layout = `<!DOCTYPE html><html><head><title>{{.Name}}</title></head><body>
<h1>{{.Name}}</h1><p class="price">{{.Cents}}</p><p>{{.Description}}</p>
<ul>{{range .Reviews}}<li><b>{{.By}}</b> {{.Stars}}: {{.Text}}</li>{{end}}</ul>
</body></html>`

// Pages is the cache of rendered pages.
type Pages struct {
	catalog *catalog.Catalog
	layout  *template.Template
	cache   *lru.Cache[int, []byte]
}

// New returns pages of a catalog; it keeps at most so many.
func New(c *catalog.Catalog, most int) (*Pages, error) {
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	cache, err := lru.New[int, []byte](most)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return &Pages{catalog: c, layout: t, cache: cache}, nil
}

// ServeHTTP answers with a page.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.FormValue("id"))
	page, ok := p.cache.Get(id)
	if !ok {
		product := p.catalog.Get(id)
		if product == nil {
			http.NotFound(w, r)
			return
		}
		var err error
		if page, err = p.render(product); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		p.cache.Add(id, page)
	}
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(page) // the visitor has gone
}

func (p *Pages) render(product *catalog.Product) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if err := p.layout.Execute(z, product); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Forget empties the cache.
func (p *Pages) Forget() { p.cache.Purge() }
