package render

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"math"
	"net/http"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/merge"
)

// stacks are the stacks that are drawn, those of the base included.
func (p *Picture) stacks() (stacks iter.Seq[flame.Stack], unit string, err error) {
	column, err := p.Fold.Column(p.value)
	if err != nil {
		return nil, "", err
	}
	value := p.Fold.Columns()[column]
	baseColumn, scale := -1, 1.0
	if p.Base != nil {
		if baseColumn, err = p.Base.Column(value.Type); err != nil {
			return nil, "", collector.Prefix(err, "the base")
		}
		if mine, theirs := p.Fold.Totals()[column], p.Base.Totals()[baseColumn]; p.diff.Normalize && theirs != 0 {
			scale = float64(mine) / float64(theirs)
		}
	}
	return func(yield func(flame.Stack) bool) {
		var frames []flame.Frame
		for calls, v := range p.Fold.Stacks(column) {
			frames = appendFrames(frames[:0], calls)
			if !yield(flame.Stack{Frames: frames, Value: v}) {
				return
			}
		}
		if p.Base == nil {
			return
		}
		for calls, v := range p.Base.Stacks(baseColumn) {
			frames = appendFrames(frames[:0], calls)
			if !yield(flame.Stack{Frames: frames, Base: int64(math.Round(float64(v) * scale))}) {
				return
			}
		}
	}, value.Unit, nil
}

func appendFrames(to []flame.Frame, calls []merge.Frame) []flame.Frame {
	for _, c := range calls {
		to = append(to, flame.Frame(c))
	}
	return to
}

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
	Title     string   `json:"title"`
	Value     string   `json:"value"`
	Unit      string   `json:"unit"`
	Profiles  int      `json:"profiles"`
	Total     float64  `json:"total"`
	TotalBase float64  `json:"total_base,omitempty"`
	Functions int      `json:"functions"` // all functions, also those without a row
	Rows      []TopRow `json:"rows"`
}

const maxRows = 500

func (p *Picture) writeTop(_ context.Context, w http.ResponseWriter) error {
	stacks, unit, err := p.stacks()
	if err != nil {
		return err
	}
	column, err := p.Fold.Column(p.value)
	if err != nil {
		return err
	}
	table := flame.Top(stacks, flame.Options{Diff: p.Base != nil})
	top := Top{
		Title: p.Title, Value: p.Fold.Columns()[column].Type, Unit: unit, Profiles: p.Fold.Profiles(),
		Total: table.Total, TotalBase: table.TotalBase, Functions: len(table.Rows), Rows: []TopRow{},
	}
	for _, row := range table.Rows[:min(len(table.Rows), maxRows)] {
		top.Rows = append(top.Rows, TopRow{row.Function, row.Flat, row.Cum, row.FlatBase, row.CumBase})
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(top)
}

func (p *Picture) writeFlame(_ context.Context, w http.ResponseWriter) error {
	stacks, unit, err := p.stacks()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := flame.New(stacks, flame.Options{Title: p.Title, Unit: unit, Diff: p.Base != nil}).WriteSVG(&b); err != nil {
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
