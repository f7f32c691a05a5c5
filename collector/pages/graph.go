package pages

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// graphTime is how long Graphviz may take.
const graphTime = 15 * time.Second

// graphSVG is the call graph, drawn by Graphviz.
func (p *Pages) graphSVG(w http.ResponseWriter, r *http.Request) error {
	dot, err := exec.LookPath("dot")
	if err != nil {
		return collector.Errorf(collector.Unsupported, "call graphs are drawn by Graphviz, and its program dot is not installed on the collector's machine")
	}
	merged, index, err := p.whole(r.Context(), r.URL.RawQuery)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := dotOf(trimmed(merged, index), &text); err != nil {
		return collector.Errorf(collector.Unsupported, "pprof cannot draw this: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), graphTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, dot, "-Tsvg")
	cmd.Stdin = &text
	svg, err := cmd.Output()
	if err != nil {
		return collector.Errorf(collector.Unsupported, "Graphviz could not draw this: %w", err)
	}
	return p.writeSVG(w, func(w io.Writer) error {
		_, err := w.Write(svg)
		return err
	})
}
