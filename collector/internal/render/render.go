// Package render answers requests with merged profiles, and with the difference of
// two, in the forms that package api documents.
package render

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// A Form is how a merged profile is answered.
type Form struct {
	PGO bool // it is not for differences
	// Labels keeps the labels of samples, for which go tool pprof has uses.
	Labels     bool
	View       merge.View
	write      func(*Picture, context.Context, http.ResponseWriter) error
	value      string // type of the values to show
	maxSamples int    // -1 for all
	norm       Norm
	label      bool // stacks of the base have one
}

// ParseForm reads the parameters of a request.
func ParseForm(values url.Values) (f Form, err error) {
	f.value, f.maxSamples = values.Get("value"), -1
	switch name := values.Get("format"); name {
	case "", "pprof":
		f.write, f.Labels = (*Picture).writePprof, true
	case "pgo":
		f.write, f.PGO = (*Picture).writePGO, true
	case "top":
		f.write = (*Picture).writeTop
	case "flame":
		f.write = (*Picture).writeFlame
	case "dot":
		f.write = (*Picture).writeDOT
	case "graph":
		f.write = (*Picture).writeGraph
	default:
		return f, collector.Errorf(collector.Invalid, "format %.40q is none of pprof, pgo, top, flame, dot, graph", name)
	}
	if text := values.Get("max_samples"); text != "" {
		if f.maxSamples, err = strconv.Atoi(text); err != nil || f.maxSamples < 1 {
			return f, collector.Errorf(collector.Invalid, "max_samples %.40q is not a number of 1 or more", text)
		}
	}
	if f.norm, err = ParseNorm(values.Get("normalize")); err != nil {
		return f, err
	}
	if f.View, err = merge.ParseView(values.Get("over"), values.Get("instances")); err != nil {
		return f, err
	}
	switch name := values.Get("form"); name {
	case "", "base":
	case "diff_base":
		f.label = true
	default:
		return f, collector.Errorf(collector.Invalid, "form %.40q is neither base nor diff_base", name)
	}
	return f, nil
}

// ParseNorm reads the parameter normalize.
func ParseNorm(text string) (Norm, error) {
	if text == "" {
		return Balanced, nil
	}
	yes, err := strconv.ParseBool(text)
	switch {
	case err != nil:
		return "", collector.Errorf(collector.Invalid, "normalize %.40q is neither true nor false", text)
	case yes:
		return Totals, nil
	}
	return AsIs, nil
}

// A Picture is a merged profile, or a difference, with its form.
type Picture struct {
	Form
	*Drawing
	Title string
	Dot   string // Graphviz's program, for the form graph
}

// NewPicture returns a profile in a form, or with a base the difference of the two.
func NewPicture(form *Form, f, base *merge.Fold) (*Picture, error) {
	d, err := NewDrawing(f, base, form.value, form.norm)
	if err != nil {
		return nil, err
	}
	return &Picture{Form: *form, Drawing: d}, nil
}

// Write answers a request.
func (p *Picture) Write(ctx context.Context, w http.ResponseWriter) error {
	tell(w.Header(), p.Fold)
	w.Header().Set("X-Holmes-Value", p.Value+"/"+p.Unit)
	w.Header().Set("X-Holmes-Measure", p.Measure.Text)
	return p.write(p, ctx, w)
}
