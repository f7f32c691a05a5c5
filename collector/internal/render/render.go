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
	PGO        bool // it is not for differences
	write      func(*Picture, context.Context, http.ResponseWriter) error
	value      string // type of the values to show
	maxSamples int    // -1 for all
	diff       merge.DiffOptions
}

// ParseForm reads the parameters of a request.
func ParseForm(values url.Values) (f Form, err error) {
	f.value, f.maxSamples = values.Get("value"), -1
	switch name := values.Get("format"); name {
	case "", "pprof":
		f.write = (*Picture).writePprof
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
	if f.diff.Normalize, err = parseBool(values, "normalize"); err != nil {
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

func parseBool(values url.Values, name string) (bool, error) {
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

// A Picture is a merged profile, or a difference, with its form.
type Picture struct {
	Form
	Title string
	Fold  *merge.Fold
	Base  *merge.Fold // nil if nothing is compared
	Dot   string      // Graphviz's program, for the form graph
}

// Write answers a request.
func (p *Picture) Write(ctx context.Context, w http.ResponseWriter) error {
	column, err := p.Fold.Column(p.value)
	if err != nil {
		return err
	}
	tell(w.Header(), p.Fold)
	w.Header().Set("X-Holmes-Value", p.Fold.Columns()[column].String())
	return p.write(p, ctx, w)
}

// subtract makes a fold of a difference.
func (p *Picture) subtract() error {
	if p.Base == nil {
		return nil
	}
	return merge.Diff(p.Fold, p.Base, p.diff)
}
