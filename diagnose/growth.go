package diagnose

import (
	"cmp"
	"sort"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// Growth compares two profiles of one kind and returns the functions that grew
// from before to after, the one that grew most first. The kind is read from
// after. CPU profiles are compared by CPU time, before scaled to the duration
// of after; heaps by the bytes in use; goroutines and threads by their number.
// What a stack is blamed on is described in the package's doc.
//
// A before of nil, or of another kind, stands for nothing at all: then these
// are simply the largest functions and their scores are 0. What shrank is left
// out. The profiles are not changed.
func Growth(before, after *Profile, o Options) []Culprit {
	return compare(pprofread.KindOf(after), before, after, o).culprits
}

// A comparison is what was found between two profiles.
type comparison struct {
	kind     string
	readable bool      // the later profile is of that kind
	compared bool      // the earlier one too
	total    float64   // what the later one weighs
	culprits []Culprit // the functions that grew, the most first
	own      bool      // the first of them is the application's
}

func compare(kind string, before, after *Profile, o Options) comparison {
	out := comparison{kind: kind}
	column, ok := pprofread.ColumnOf(after, kind)
	if !ok {
		return out
	}
	now, calm, scale := o.sum(after, kind, column), tally{}, 1.0
	if c, ok := pprofread.ColumnOf(before, kind); ok && c.Unit == column.Unit {
		out.compared = true
		calm, scale = o.sum(before, kind, c), timeScale(kind, before, after)
	}
	out.readable, out.total = true, now.total
	out.culprits = grown(now, calm, scale)
	for i := range out.culprits {
		c := &out.culprits[i]
		c.Unit, c.Evidence = column.Unit, kind
		if !out.compared {
			c.Score = 0
		}
	}
	if len(out.culprits) > 0 {
		out.own = now.suspects[out.culprits[0].Function].origin == originOwn
	}
	return out
}

// timeScale is how much longer the later profile looked. Only the CPU profile
// is a sum over time; the others are what there is at one moment.
func timeScale(kind string, before, after *Profile) float64 {
	if kind != "cpu" || before.DurationNanos <= 0 || after.DurationNanos <= 0 {
		return 1
	}
	return float64(after.DurationNanos) / float64(before.DurationNanos)
}

// grown returns what grew from calm times scale to now, with scores as if calm
// had been a profile.
func grown(now, calm tally, scale float64) []Culprit {
	alike := scale // the scale at which everything has grown alike
	if calm.total > 0 {
		alike = max(scale, now.total/calm.total)
	}
	var out []Culprit
	all := max(now.nobody-scale*calm.nobody, 0)
	for name, s := range now.suspects {
		var was weight
		if c := calm.suspects[name]; c != nil {
			was = c.weight
		}
		delta := s.value - scale*was.value
		if delta <= 0 {
			continue
		}
		all += delta
		file, line := s.heaviest()
		out = append(out, Culprit{Function: name, File: file, Line: line, Delta: delta, Score: score(s.weight, was, alike)})
	}
	for i := range out {
		out[i].Share = out[i].Delta / all
	}
	// Not slices.SortFunc, which brings 30 KB of code for a struct of this size
	// into every program that imports holmes.
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		return cmp.Or(cmp.Compare(b.Delta, a.Delta), cmp.Compare(a.Function, b.Function)) < 0
	})
	return out
}
