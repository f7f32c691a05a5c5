package pages

import (
	"bytes"
	"io"
	"net/http"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

// graphSVG is the call graph, drawn by Graphviz.
func (p *Pages) graphSVG(w http.ResponseWriter, r *http.Request) error {
	whole, err := p.whole(r.Context(), r.URL.RawQuery)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := dotOf(whole, &text); err != nil {
		return collector.Errorf(collector.Unsupported, "pprof cannot draw this: %w", err)
	}
	svg, err := render.Graphviz(r.Context(), "dot", text.Bytes())
	if collector.CodeOf(err) == render.NotAvailable {
		return err
	}
	if err != nil {
		return collector.Errorf(collector.Unsupported, "Graphviz could not draw this: %w", err)
	}
	return p.writeSVG(w, func(w io.Writer) error {
		_, err := w.Write(svg)
		return err
	})
}
