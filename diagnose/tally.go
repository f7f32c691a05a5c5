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

func (a *weight) add(b weight) {
	a.value += b.value
	a.variance += b.variance
}

// A suspect is a function with all that it is blamed for.
type suspect struct {
	weight
	origin origin
	lines  map[position]float64
}

type position struct {
	file string
	line int64
}

// heaviest returns where in the function most of the weight is. Of equals it
// is the first in the file, so that the answer does not depend on map order.
func (s *suspect) heaviest() (file string, line int) {
	var best position
	weight := -1.0
	for at, v := range s.lines {
		if v > weight || v == weight && at.line < best.line {
			best, weight = at, v
		}
	}
	if best.file == "" {
		return "", int(best.line)
	}
	return path.Base(best.file), int(best.line)
}

// A tally is a profile summed up by the function that is to blame.
type tally struct {
	total    float64 // with what is nobody's, without holmes
	nobody   float64
	suspects map[string]*suspect
}

// sum tallies p, which may be nil.
func (o Options) sum(p *Profile, kind string, column pprofread.Column) tally {
	t := tally{suspects: map[string]*suspect{}}
	for s := range p.Samples() {
		w := weightOf(s, kind, column, p.Period)
		if w.value == 0 {
			continue
		}
		frame, from := o.blame(s)
		if from == originHolmes {
			continue
		}
		t.total += w.value
		if from == originNone {
			t.nobody += w.value
			continue
		}
		who := t.suspects[frame.Function]
		if who == nil {
			who = &suspect{origin: from, lines: map[position]float64{}}
			t.suspects[frame.Function] = who
		}
		who.add(w)
		who.lines[position{frame.File, frame.Line}] += w.value
	}
	return t
}
