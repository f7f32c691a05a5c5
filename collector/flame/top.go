package flame

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"
)

// A Row is a function in all places of the call tree together.
type Row struct {
	Function string
	Origin   Origin
	// Flat was measured in the function itself, Cum in it and what it called.
	Flat, Cum float64
	// FlatBase and CumBase are the same of what is compared with.
	FlatBase, CumBase float64
}

// A Table is the functions of a profile.
type Table struct {
	Rows []Row
	// Total and TotalBase are of all stacks.
	Total, TotalBase float64
	// Whole is the sum of the magnitudes of all values, which shares are of: where
	// some are below zero, the total may be anything.
	Whole float64
}

// Share returns the part of all that a value is, with its sign.
func (t *Table) Share(value float64) float64 { return ratio(value, t.Whole) }

// Top returns a table of all functions. The order is by the magnitude of Flat, and
// with [Options].Diff by how much Flat has changed, in either direction.
func Top(stacks iter.Seq[Stack], o Options) *Table {
	t := &Table{}
	rows := map[string]*Row{}
	seen := map[string]bool{}
	for s := range stacks {
		value, base := s.Value, s.Base
		t.Total += value
		t.TotalBase += base
		t.Whole += math.Abs(value)
		clear(seen)
		for i, f := range s.Frames {
			r := rows[f.Function]
			if r == nil {
				r = &Row{Function: f.Function, Origin: OriginOf(f, o.Module)}
				rows[f.Function] = r
			}
			if !seen[f.Function] {
				seen[f.Function] = true
				r.Cum += value
				r.CumBase += base
			}
			if i == len(s.Frames)-1 {
				r.Flat += value
				r.FlatBase += base
			}
		}
	}
	o = o.withDefaults()
	t.Total, t.TotalBase, t.Whole = t.Total*o.Scale, t.TotalBase*o.BaseScale, t.Whole*o.Scale
	for _, r := range rows {
		r.Flat, r.Cum, r.FlatBase, r.CumBase = r.Flat*o.Scale, r.Cum*o.Scale, r.FlatBase*o.BaseScale, r.CumBase*o.BaseScale
		t.Rows = append(t.Rows, *r)
	}
	t.sort(o.Diff)
	return t
}

// sort puts the largest first, or what changed most.
func (t *Table) sort(diff bool) {
	flat := func(r Row) float64 { return math.Abs(r.Flat) }
	cum := func(r Row) float64 { return math.Abs(r.Cum) }
	if diff {
		flat = func(r Row) float64 { return max(r.Flat-r.FlatBase, r.FlatBase-r.Flat) }
		cum = func(r Row) float64 { return max(r.Cum-r.CumBase, r.CumBase-r.Cum) }
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(flat(b), flat(a)), cmp.Compare(cum(b), cum(a)), strings.Compare(a.Function, b.Function))
	})
}
