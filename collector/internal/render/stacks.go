package render

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/merge"
)

// A TopRow is a function in a [Top].
type TopRow struct {
	Function string  `json:"function"`
	Flat     float64 `json:"flat"`
	Cum      float64 `json:"cum"`
	FlatBase float64 `json:"flat_base,omitempty"`
	CumBase  float64 `json:"cum_base,omitempty"`
}

// A Top is the table of functions as /api/1 answers it, the largest first.
type Top struct {
	Title    string `json:"title"`
	Value    string `json:"value"`
	Unit     string `json:"unit"`
	Profiles int    `json:"profiles"`
	// Measure says what the values are, and BaseMeasure the same of what they are
	// compared with, whose values were multiplied by BaseScale.
	Measure     merge.Measure  `json:"measure"`
	BaseMeasure *merge.Measure `json:"base_measure,omitempty"`
	BaseScale   float64        `json:"base_scale,omitempty"`
	Total       float64        `json:"total"`
	TotalBase   float64        `json:"total_base,omitempty"`
	Functions   int            `json:"functions"` // all functions, also those without a row
	Rows        []TopRow       `json:"rows"`
}

// NewTop returns the table of the first rows.
func NewTop(d *Drawing, title string, table *flame.Table, rows int) *Top {
	top := &Top{
		Title: title, Value: d.Value, Unit: d.Unit, Profiles: d.Fold.Profiles(), Measure: d.Measure,
		Total: table.Total, TotalBase: table.TotalBase, Functions: len(table.Rows), Rows: []TopRow{},
	}
	if d.Base != nil {
		top.BaseMeasure, top.BaseScale = &d.BaseMeasure, d.By
	}
	for _, row := range table.Rows[:min(len(table.Rows), rows)] {
		top.Rows = append(top.Rows, TopRow{row.Function, row.Flat, row.Cum, row.FlatBase, row.CumBase})
	}
	return top
}

const maxRows = 500

func (p *Picture) writeTop(_ context.Context, w http.ResponseWriter) error {
	table := flame.Top(p.Stacks(), p.Options())
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(NewTop(p.Drawing, p.Title, table, maxRows))
}

func (p *Picture) writeFlame(_ context.Context, w http.ResponseWriter) error {
	o := p.Options()
	o.Title = p.Title + ", " + o.Title
	var b bytes.Buffer
	if err := flame.New(p.Stacks(), o).WriteSVG(&b); err != nil {
		return err
	}
	return writeSVG(w, b.Bytes())
}

// writeSVG answers with a picture, which a browser shows without scripts.
func writeSVG(w http.ResponseWriter, svg []byte) error {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	_, err := w.Write(svg)
	return err
}
