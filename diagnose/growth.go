package diagnose

import (
	"cmp"
	"math"
	"sort"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// Growth compares two profiles of one kind and returns the functions that grew
// from before to after, first the one that grew most beyond what the rest of
// the profile did. The kind is read from after. CPU profiles are compared by
// CPU time, before scaled to the duration of after; heaps by the bytes in use;
// goroutines and threads by their number. What a stack is blamed on is
// described in the package's doc.
//
// A before of nil, or of another kind, stands for nothing at all: then these
// are simply the largest functions and their scores are 0. What shrank is left
// out. The profiles are not changed.
func Growth(before, after *Profile, o Options) []Culprit {
	q := newInquest(pairOf(pprofread.KindOf(after), before, after), o)
	c := q.contrast(pprofread.KindOf(after), blamed)
	return c.culprits(c.grown())
}

// A growth is what one function does now against calm times.
type growth struct {
	who    who
	now    weight
	delta  float64 // what it does more
	excess float64 // what it would do more if the others did as in calm times
	score  float64 // excess over its noise
	share  float64 // of all delta
	part   float64 // of all excess
}

// A contrast is two tallies, of now and of calm times.
type contrast struct {
	now, calm tally
	scale     float64 // what calm is to be multiplied with
	compared  bool    // there is a calm to compare with
	unrest    float64 // variance that has nothing to do with sampling

	risen, risenCalm weight // those who do more than in calm times
	ever             tally  // of a heap, all that was ever allocated

	kind       string
	view       *view // of now
	with       scale
	before     *view // of calm times
	beforeWith scale
	split      func(func(*view, scale) tally) (now, calm tally)
}

// timeScale is how much longer the later profile looked. CPU, lock and block
// profiles are sums over time; the others are what there is at one moment.
func timeScale(kind string, before, after *Profile) float64 {
	switch kind {
	case "cpu", "mutex", "block":
		if before.DurationNanos > 0 && after.DurationNanos > 0 {
			return float64(after.DurationNanos) / float64(before.DurationNanos)
		}
	}
	return 1
}

// grown returns who grew, the most first. Nobody is not among them, but counts
// in what the shares are of.
func (c *contrast) grown() []growth {
	c.risen, c.risenCalm = c.risers()
	var out []growth
	var all, beyond float64   // what grew, of those who stand out
	var rest, restCalm weight // the others, among whom noise cancels
	for id, now := range c.now.of {
		g := c.growth(id, now)
		stands := g.score >= 1
		switch {
		case stands && g.delta > 0:
			all += g.delta
			beyond += max(g.excess, 0)
		case !stands:
			rest, restCalm = rest.plus(now), restCalm.plus(c.calm.of[id])
		}
		if id > nobody && g.delta > 0 {
			out = append(out, g)
		}
	}
	for id, calm := range c.calm.of {
		if _, there := c.now.of[id]; !there {
			restCalm = restCalm.plus(calm)
		}
	}
	all += max(rest.value-c.scale*restCalm.value, 0)
	for i := range out {
		g := &out[i]
		g.share = g.delta / max(all, g.delta)
		if g.excess > 0 {
			g.part = g.excess / max(beyond, g.excess)
		}
	}
	c.rank(out)
	return out
}

// rank sorts, equals by name.
func (c *contrast) rank(gs []growth) {
	all := c.view.people.all
	// Not slices.SortFunc, which brings 30 KB of code for a struct of this size
	// into every program that imports holmes.
	sort.Slice(gs, func(i, j int) bool {
		a, b := &gs[i], &gs[j]
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(b.delta, a.delta), cmp.Compare(all[a.who].symbol, all[b.who].symbol)) < 0
	})
}

// weight is what ranks a growth: what is beyond the rise of the others, if that
// is more than noise.
func (g *growth) weight() float64 {
	if g.score < 1 {
		return 0
	}
	return g.excess
}

// growth weighs one function. What the others do now, over what they did, is
// what the function would do as well if nothing but the traffic had risen: only
// what is beyond that speaks against it.
//
// The score is the excess over its noise: that of sampling, and that of the
// others' rise and of moods.
func (c *contrast) growth(id who, now weight) growth {
	calm := c.calm.of[id]
	g := growth{who: id, now: now, delta: now.value - c.scale*calm.value}
	if !c.compared {
		g.excess, g.score = g.delta, 1 // stands out, by nothing that is known
		return g
	}
	each := max(now.each(), c.now.total.each()/2)
	rise, doubt := c.tide(now, calm, c.scale*each)
	expected := rise * c.scale * calm.value
	g.excess = now.value - expected
	sampled := beyond(now.value, calm.value, rise*c.scale, each)
	other := expected*expected*(doubt+moods*moods) + c.unrest
	g.score = sampled
	if other > 0 && sampled > 0 && g.excess > 0 {
		g.score = 1 / math.Hypot(1/sampled, math.Sqrt(other)/g.excess)
	}
	return g
}
