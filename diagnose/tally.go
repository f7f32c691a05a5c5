package diagnose

import (
	"path"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A weight is a sum of sampled values with the variance of that sum. Samples
// arrive like raindrops: n of them that stand for w each have a sum of n·w and
// a variance of n·w². All is in floats, since sums of a hostile profile must
// not wrap round.
type weight struct {
	value, variance float64
}

func (a weight) plus(b weight) weight {
	return weight{a.value + b.value, a.variance + b.variance}
}

// minus is what is left of a without b. What is left varies as if it had been
// sampled alone.
func (a weight) minus(b weight) weight {
	left := max(a.value-b.value, 0)
	return weight{left, left * a.each()}
}

// minusExactly is the sum without a part of it.
func (a weight) minusExactly(part weight) weight {
	return weight{max(a.value-part.value, 0), max(a.variance-part.variance, 0)}
}

// relative is the variance in parts of the value.
func (a weight) relative() float64 { return a.variance / (a.value * a.value) }

// each is what one more sample would add.
func (a weight) each() float64 {
	if a.value <= 0 {
		return 0
	}
	return a.variance / a.value
}

// samples is how many of them there are.
func (a weight) samples() float64 {
	if a.variance <= 0 {
		return 0
	}
	return a.value * a.value / a.variance
}

// A tally is a profile summed up by the function that is to blame.
type tally struct {
	total weight // of all, without holmes
	of    map[who]weight
}

func newTally() tally { return tally{of: map[who]weight{}} }

func (t *tally) add(id who, w weight) {
	t.total = t.total.plus(w)
	t.of[id] = t.of[id].plus(w)
}

// A scale is what a profile is weighed with: one of its columns.
type scale struct {
	kind   string
	column pprofread.Column
	period int64
	ok     bool // the profile has that column
}

func (v *view) scale(kind string) scale {
	column, ok := pprofread.ColumnOf(v.Profile, kind)
	if !ok {
		return scale{}
	}
	return scale{kind: kind, column: column, period: v.Period, ok: true}
}

// A choice says who of a stack is asked about; false leaves the stack out.
type choice func(r *reading) (who, bool)

func blamed(r *reading) (who, bool) { return r.who, true }

// sum tallies a profile, which may be nil.
func (v *view) sum(s scale, choose choice) tally {
	t := newTally()
	v.each(s, func(r *reading, _ sample, w weight) {
		if id, ok := choose(r); ok {
			t.add(id, w)
		}
	})
	return t
}

// each calls f for all samples that weigh anything and are not holmes's own.
func (v *view) each(s scale, f func(r *reading, record sample, w weight)) {
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
type counts = map[who]float64

// Spots are sums by line of a function, or by the third party's function that
// it called.
type (
	spots = map[spot]float64
	spot  struct {
		who, via who
		position
	}
)

// A detail is where in a function most of the weight is, and the third party's
// function that most of it is in, if most of it is in one.
type detail struct {
	position
	via who
}

// detail fills in the details of functions. Of equals it is the first in the
// file, so that the answer does not depend on map order.
func (v *view) detail(s scale, wanted map[who]detail) {
	lines, vias, all := spots{}, spots{}, counts{}
	v.each(s, func(r *reading, _ sample, w weight) {
		if _, ok := wanted[r.who]; !ok {
			return
		}
		_, file := v.Function(r.call.Function)
		lines[spot{who: r.who, position: position{file, r.call.Line}}] += w.value
		all[r.who] += w.value
		if r.via != nobody {
			vias[spot{who: r.who, via: r.via}] += w.value
		}
	})
	best := counts{}
	for a, w := range lines {
		d := wanted[a.who]
		if w > best[a.who] || w == best[a.who] && a.line < d.line {
			best[a.who], d.position = w, a.position
			wanted[a.who] = d
		}
	}
	for a, w := range vias {
		if d := wanted[a.who]; w > all[a.who]/2 {
			d.via = a.via
			wanted[a.who] = d
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
