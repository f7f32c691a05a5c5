package diagnose

import (
	"path"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A weight is a sum of sampled values with the variance of that sum. The number of
// samples has a Poisson distribution: n samples that stand for w each have a sum of
// n·w and a variance of n·w². Values are floats, since sums of a hostile profile
// must not overflow.
type weight struct {
	value, variance float64
}

func (a weight) plus(b weight) weight {
	return weight{a.value + b.value, a.variance + b.variance}
}

// minus is a without b. The rest varies as if it had been sampled alone.
func (a weight) minus(b weight) weight {
	left := max(a.value-b.value, 0)
	return weight{left, left * a.each()}
}

// minusExactly is the sum without a part of it.
func (a weight) minusExactly(part weight) weight {
	return weight{max(a.value-part.value, 0), max(a.variance-part.variance, 0)}
}

// relative is the variance relative to the value.
func (a weight) relative() float64 { return a.variance / (a.value * a.value) }

// each is what one sample stands for.
func (a weight) each() float64 {
	if a.value <= 0 {
		return 0
	}
	return a.variance / a.value
}

// samples is the number of samples.
func (a weight) samples() float64 {
	if a.variance <= 0 {
		return 0
	}
	return a.value * a.value / a.variance
}

// A tally is a profile summed up by the function that is to blame.
type tally struct {
	total weight // of all stacks, without those of holmes
	of    map[function]weight
}

func newTally() tally { return tally{of: map[function]weight{}} }

func (t *tally) add(id function, w weight) {
	t.total = t.total.plus(w)
	t.of[id] = t.of[id].plus(w)
}

// A scale is one column of a profile, which its samples are weighed by.
type scale struct {
	kind   string
	column pprofread.Column
	period int64
	ok     bool // the profile has that column
}

func (v *view) scale(kind string) *scale {
	column, ok := pprofread.ColumnOf(v.Profile, kind)
	if !ok {
		return &scale{}
	}
	return &scale{kind: kind, column: column, period: v.Period, ok: true}
}

// A choice selects the function of a stack; false leaves the stack out.
type choice func(r *reading) (function, bool)

func blamed(r *reading) (function, bool) { return r.fn, true }

// blamedApp leaves out the stacks of the standard library alone.
func blamedApp(r *reading) (function, bool) { return r.fn, r.origin != originStd }

// sum tallies a profile, which may be nil.
func (v *view) sum(s *scale, choose choice) tally {
	t := newTally()
	v.each(s, func(r *reading, _ sample, w weight) {
		if id, ok := choose(r); ok {
			t.add(id, w)
		}
	})
	return t
}

// each calls f for all samples with a weight that are not of holmes.
func (v *view) each(s *scale, f func(r *reading, record sample, w weight)) {
	if !s.ok {
		return
	}
	for i := range v.readings {
		record := v.Sample(i)
		if v.readings[i].origin == originHolmes {
			continue
		}
		if w := s.weigh(record); w.value > 0 {
			f(&v.readings[i], record, w)
		}
	}
}

// A position is a line of a file.
type position struct {
	file string
	line int64
}

// Counts are sums by function.
type counts = map[function]float64

// Spots are sums by line of a function, or by the third party's function that
// it called.
type (
	spots = map[spot]float64
	spot  struct {
		fn, via function
		position
	}
)

// A detail is the line of a function with most of the weight, and the third party's
// function that most of the weight is in, if there is one.
type detail struct {
	position
	via function
}

// detail fills in the details of functions. Of equal lines it is the first, so that
// the result does not depend on the order of a map.
func (v *view) detail(s *scale, wanted map[function]detail) {
	lines, vias, all := spots{}, spots{}, counts{}
	v.each(s, func(r *reading, _ sample, w weight) {
		if _, ok := wanted[r.fn]; !ok {
			return
		}
		_, file := v.Function(r.call.Function)
		lines[spot{fn: r.fn, position: position{file, r.call.Line}}] += w.value
		all[r.fn] += w.value
		if r.via != none {
			vias[spot{fn: r.fn, via: r.via}] += w.value
		}
	})
	best := counts{}
	for a, w := range lines {
		d := wanted[a.fn]
		if w > best[a.fn] || w == best[a.fn] && a.line < d.line {
			best[a.fn], d.position = w, a.position
			wanted[a.fn] = d
		}
	}
	for a, w := range vias {
		if d := wanted[a.fn]; w > all[a.fn]/2 {
			d.via = a.via
			wanted[a.fn] = d
		}
	}
}

// base is the name of the file without its directory.
func (p position) base() string {
	if p.file == "" {
		return ""
	}
	return path.Base(p.file)
}
