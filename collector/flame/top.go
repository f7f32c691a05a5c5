package flame

import (
	"cmp"
	"iter"
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
}

// Top returns a table of all functions. The order is by Flat; with
// [Options].Diff by how much Flat has changed, in either direction. Negative
// values count here as they are.
func Top(stacks iter.Seq[Stack], o Options) *Table {
	t := &Table{}
	rows := map[string]*Row{}
	seen := map[string]bool{}
	for s := range stacks {
		value, base := float64(s.Value), float64(s.Base)
		t.Total += value
		t.TotalBase += base
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
	for _, r := range rows {
		t.Rows = append(t.Rows, *r)
	}
	t.sort(o.Diff)
	return t
}

// sort puts the largest first, or what changed most.
func (t *Table) sort(diff bool) {
	flat := func(r Row) float64 { return r.Flat }
	cum := func(r Row) float64 { return r.Cum }
	if diff {
		flat = func(r Row) float64 { return max(r.Flat-r.FlatBase, r.FlatBase-r.Flat) }
		cum = func(r Row) float64 { return max(r.Cum-r.CumBase, r.CumBase-r.Cum) }
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(flat(b), flat(a)), cmp.Compare(cum(b), cum(a)), strings.Compare(a.Function, b.Function))
	})
}
