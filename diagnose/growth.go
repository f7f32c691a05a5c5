package diagnose

import (
	"cmp"
	"math"
	"slices"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// Growth compares two profiles of one kind and returns the functions that grew
// from before to after, ranked by their growth beyond that of the rest of the
// profile. The kind is read from after. CPU profiles are compared by
// CPU time, before scaled to the duration of after; heaps by the bytes in use;
// goroutines and threads by their number. The package comment says which function a
// stack is blamed on.
//
// If before is nil or of another kind, these are the largest functions and their
// scores are 0. Functions that shrank are left out. The profiles are not changed.
func Growth(before, after *Profile, o Options) []Culprit {
	a := newAnalysis(pairOf(pprofread.KindOf(after), before, after), o)
	c := a.diff(pprofread.KindOf(after), blamed)
	return c.culprits(c.grown())
}

// A growth compares one function with calm times.
type growth struct {
	fn     function
	now    weight
	delta  float64 // now minus calm
	excess float64 // delta beyond the load growth
	score  float64 // excess over its noise
	share  float64 // of all delta
	part   float64 // of all excess
}

// A diff is two tallies, of now and of calm times.
type diff struct {
	now, calm tally
	scale     float64 // what calm is to be multiplied with
	compared  bool    // there is a profile of calm times
	churn     float64 // variance that sampling does not explain

	risen, risenCalm weight // the functions that do more than in calm times
	ever             tally  // of a heap, all that was ever allocated

	kind       string
	view       *view // of now
	with       *scale
	before     *view // of calm times, nil unless compared
	beforeWith *scale
	split      func(func(*view, *scale) tally) (now, calm tally) // of a compared diff
}

// timeScale is the ratio of the durations of two profiles. CPU, mutex and block
// profiles are sums over time; the others show one moment.
func timeScale(kind string, before, after *Profile) float64 {
	switch kind {
	case "cpu", "mutex", "block":
		if before.DurationNanos > 0 && after.DurationNanos > 0 {
			return float64(after.DurationNanos) / float64(before.DurationNanos)
		}
	}
	return 1
}

// grown returns the functions that grew, ranked. The growth without a function is
// not among them, but counts in the total of the shares.
func (c *diff) grown() []*growth {
	c.risen, c.risenCalm = c.growing()
	var out []*growth
	var all, beyond float64   // the growth of the functions that stand out
	var rest, restCalm weight // the others, whose noise cancels out
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
		if id > none && g.delta > 0 {
			out = append(out, g)
		}
	}
	for id, calm := range c.calm.of {
		if _, there := c.now.of[id]; !there {
			restCalm = restCalm.plus(calm)
		}
	}
	all += max(rest.value-c.scale*restCalm.value, 0)
	for _, g := range out {
		g.share = g.delta / max(all, g.delta)
		if g.excess > 0 {
			g.part = g.excess / max(beyond, g.excess)
		}
	}
	c.rank(out)
	return out
}

// rank sorts growths, equal ones by name.
func (c *diff) rank(gs []*growth) {
	all := c.view.functions.all
	slices.SortFunc(gs, func(a, b *growth) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(b.delta, a.delta), cmp.Compare(all[a.fn].symbol, all[b.fn].symbol))
	})
}

// weight ranks a growth: by its excess, if that is more than noise.
func (g *growth) weight() float64 {
	if g.score < 1 {
		return 0
	}
	return g.excess
}

// growth compares one function. The ratio of the others, now over before, is what
// the function would show too if only the load had grown: its excess is the growth
// beyond that.
//
// The score is the excess over its noise: that of sampling, of the load growth, and
// jitter.
func (c *diff) growth(id function, now weight) *growth {
	calm := c.calm.of[id]
	g := &growth{fn: id, now: now, delta: now.value - c.scale*calm.value}
	if !c.compared {
		g.excess, g.score = g.delta, 1 // there is nothing to compare with, so it stands out
		return g
	}
	each := max(now.each(), c.now.total.each()/2)
	rise, doubt := c.loadGrowth(now, calm, c.scale*each)
	expected := rise * c.scale * calm.value
	g.excess = now.value - expected
	sampled := beyond(now.value, calm.value, rise*c.scale, each)
	other := expected*expected*(doubt+jitter*jitter) + c.churn
	g.score = sampled
	if other > 0 && sampled > 0 && g.excess > 0 {
		g.score = 1 / math.Hypot(1/sampled, math.Sqrt(other)/g.excess)
	}
	return g
}
