package diagnose

import (
	"math"
)

// weigh returns what one record of a profile weighs. Its variance follows from
// what one sample stands for: a tick of the CPU profile's clock, one goroutine,
// and for a heap what follows below.
func (s scale) weigh(record sample) weight {
	value := float64(s.column.Value(record))
	each := 1.0
	if n := s.column.Count(record); n > 0 {
		each = value / float64(n)
	}
	if (s.kind == "heap" || s.kind == "alloc") && s.period > 0 && each > 0 {
		// The runtime picks an object of this size with this probability, and
		// has multiplied what it picked by its inverse. What it picks for sure
		// is no sample but a count, and has no noise.
		picked := -math.Expm1(-each / float64(s.period))
		each *= (1 - picked) / picked
	}
	return weight{value: value, variance: value * each}
}

// beyond is how far now is beyond calm times k, in standard deviations, when
// one sample stands for each. Roots of counts vary alike, whatever the count.
//
// One sample more in the calm profile would have surprised nobody, so it is
// allowed for: without that, whatever a short calm profile missed would score
// as high as it likes.
func beyond(now, calm, k, each float64) float64 {
	if each <= 0 { // nothing is sampled
		each = max(now, calm, 1) / certain
	}
	return 2 * (math.Sqrt(now/each) - math.Sqrt(k*(calm/each+1))) / math.Sqrt(1+k)
}

// certain is how many samples something counts as that is no sample.
const certain = 1e6

// moods is how much a function does more or less than its part for no reason, as
// a part of it: visitors do not all come at once, and want now this, now that.
const moods = 0.15

// unrest is how much a heap in use is always different from the last time, as
// a part of it, without that any sampling says so: a buffer that a request
// happens to hold is in one profile and not in the next.
const unrest = 0.05
