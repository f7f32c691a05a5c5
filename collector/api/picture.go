package api

import (
	"bytes"
	"context"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/merge"
)

// A form says how a merged profile is answered.
type form struct {
	write      func(*Handler, context.Context, http.ResponseWriter, *picture) error
	pgo        bool
	value      string // the type of the values that matter
	maxSamples int    // -1 for all of them
	diff       merge.DiffOptions
}

// readForm reads what a request says about the answer.
func readForm(values url.Values) (f form, err error) {
	f.value, f.maxSamples = values.Get("value"), -1
	switch name := values.Get("format"); name {
	case "", "pprof":
		f.write = (*Handler).writePprof
	case "pgo":
		f.write, f.pgo = (*Handler).writePGO, true
	case "top":
		f.write = (*Handler).writeTop
	case "flame":
		f.write = (*Handler).writeFlame
	case "dot":
		f.write = (*Handler).writeDOT
	case "graph":
		f.write = (*Handler).writeGraph
	default:
		return f, collector.Errorf(collector.Invalid, "format %.40q is none of pprof, pgo, top, flame, dot, graph", name)
	}
	if text := values.Get("max_samples"); text != "" {
		if f.maxSamples, err = strconv.Atoi(text); err != nil || f.maxSamples < 1 {
			return f, collector.Errorf(collector.Invalid, "max_samples %.40q is not a number of 1 or more", text)
		}
	}
	if f.diff.Normalize, err = flag(values, "normalize"); err != nil {
		return f, err
	}
	switch name := values.Get("form"); name {
	case "", "base":
	case "diff_base":
		f.diff.Label = true
	default:
		return f, collector.Errorf(collector.Invalid, "form %.40q is neither base nor diff_base", name)
	}
	return f, nil
}

func flag(values url.Values, name string) (bool, error) {
	text := values.Get(name)
	if text == "" {
		return false, nil
	}
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return false, collector.Errorf(collector.Invalid, "%s %.40q is neither true nor false", name, text)
	}
	return yes, nil
}

// A picture is what is answered, before it has a form.
type picture struct {
	form
	title string
	fold  *merge.Fold
	base  *merge.Fold // nil if nothing is compared
}

func (h *Handler) write(ctx context.Context, w http.ResponseWriter, p *picture) error {
	column, err := p.fold.Column(p.value)
	if err != nil {
		return err
	}
	tell(w.Header(), p.fold)
	w.Header().Set("X-Holmes-Value", p.fold.Columns()[column].String())
	return p.write(h, ctx, w, p)
}

// subtract makes a fold of a difference.
func (p *picture) subtract() error {
	if p.base == nil {
		return nil
	}
	return merge.Diff(p.fold, p.base, p.diff)
}

// name is the name of a file.
func (p *picture) name() string {
	if p.base != nil {
		return "diff.pb.gz"
	}
	return "merged.pb.gz"
}

func (h *Handler) writePprof(_ context.Context, w http.ResponseWriter, p *picture) error {
	if err := p.subtract(); err != nil {
		return err
	}
	if err := p.trim(); err != nil {
		return err
	}
	return writeProfile(w, p.fold, p.name())
}

func (p *picture) trim() error {
	if p.maxSamples < 0 {
		return nil
	}
	column, err := p.fold.Column(p.value)
	if err != nil {
		return err
	}
	p.fold.Trim(p.maxSamples, column)
	return nil
}

// writePGO answers with what go build -pgo takes: a CPU profile without labels.
func (h *Handler) writePGO(_ context.Context, w http.ResponseWriter, p *picture) error {
	if !slices.ContainsFunc(p.fold.Columns(), isCPU) {
		return collector.Errorf(collector.Invalid, "format pgo needs CPU profiles, not those of %v", p.fold.Columns())
	}
	p.fold.DropLabels()
	if err := p.trim(); err != nil {
		return err
	}
	return writeProfile(w, p.fold, "default.pgo")
}

// stacks are those that are drawn, with those of the base beside them.
func (p *picture) stacks() (stacks iter.Seq[flame.Stack], unit string, err error) {
	column, err := p.fold.Column(p.value)
	if err != nil {
		return nil, "", err
	}
	value := p.fold.Columns()[column]
	baseColumn, scale := -1, 1.0
	if p.base != nil {
		if baseColumn, err = p.base.Column(value.Type); err != nil {
			return nil, "", collector.Prefix(err, "the base")
		}
		if mine, theirs := p.fold.Totals()[column], p.base.Totals()[baseColumn]; p.diff.Normalize && theirs != 0 {
			scale = float64(mine) / float64(theirs)
		}
	}
	return func(yield func(flame.Stack) bool) {
		var frames []flame.Frame
		for calls, v := range p.fold.Stacks(column) {
			frames = appendFrames(frames[:0], calls)
			if !yield(flame.Stack{Frames: frames, Value: v}) {
				return
			}
		}
		if p.base == nil {
			return
		}
		for calls, v := range p.base.Stacks(baseColumn) {
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

// A TopRow is a function as /api/1 answers it.
type TopRow struct {
	Function string  `json:"function"`
	Flat     float64 `json:"flat"`
	Cum      float64 `json:"cum"`
	FlatBase float64 `json:"flat_base,omitempty"`
	CumBase  float64 `json:"cum_base,omitempty"`
}

// A Top is the table of functions as /api/1 answers it: the first ones.
type Top struct {
	Title     string   `json:"title"`
	Value     string   `json:"value"`
	Unit      string   `json:"unit"`
	Profiles  int      `json:"profiles"`
	Total     float64  `json:"total"`
	TotalBase float64  `json:"total_base,omitempty"`
	Functions int      `json:"functions"` // all that there are
	Rows      []TopRow `json:"rows"`
}

const maxRows = 500

func (h *Handler) writeTop(_ context.Context, w http.ResponseWriter, p *picture) error {
	stacks, unit, err := p.stacks()
	if err != nil {
		return err
	}
	column, err := p.fold.Column(p.value)
	if err != nil {
		return err
	}
	table := flame.Top(stacks, flame.Options{Diff: p.base != nil})
	top := Top{
		Title: p.title, Value: p.fold.Columns()[column].Type, Unit: unit, Profiles: p.fold.Profiles(),
		Total: table.Total, TotalBase: table.TotalBase, Functions: len(table.Rows), Rows: []TopRow{},
	}
	for _, row := range table.Rows[:min(len(table.Rows), maxRows)] {
		top.Rows = append(top.Rows, TopRow{row.Function, row.Flat, row.Cum, row.FlatBase, row.CumBase})
	}
	writeJSON(w, http.StatusOK, top)
	return nil
}

func (h *Handler) writeFlame(_ context.Context, w http.ResponseWriter, p *picture) error {
	stacks, unit, err := p.stacks()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := flame.New(stacks, flame.Options{Title: p.title, Unit: unit, Diff: p.base != nil}).WriteSVG(&b); err != nil {
		return err
	}
	return writeSVG(w, b.Bytes())
}

// writeSVG answers with a picture that does nothing but be seen.
func writeSVG(w http.ResponseWriter, svg []byte) error {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	_, err := w.Write(svg)
	return err
}
