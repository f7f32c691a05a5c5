package diagnose

import (
	"math"
)

// weigh returns what one record of a profile weighs. Its variance follows from
// what one sample stands for: a tick of the CPU profile's clock, one goroutine,
// and for a heap what follows below.
func (s *scale) weigh(record sample) weight {
	value := float64(s.column.Value(record))
	each := 1.0
	if n := s.column.Count(record); n > 0 {
		each = value / float64(n)
	}
	if (s.kind == "heap" || s.kind == "alloc") && s.period > 0 && each > 0 {
		// The runtime samples an object of this size with this probability, and
		// has multiplied the sample by the inverse. An object that it samples for
		// sure is counted, and has no noise.
		picked := -math.Expm1(-each / float64(s.period))
		each *= (1 - picked) / picked
	}
	return weight{value: value, variance: value * each}
}

// beyond is how far now is beyond calm times k, in standard deviations, when
// one sample stands for each. Roots of counts vary alike, whatever the count.
//
// One unseen sample in the calm profile is allowed for: without it, a function that
// a short calm profile missed would get any score.
func beyond(now, calm, k, each float64) float64 {
	if each <= 0 { // nothing is sampled
		each = max(now, calm, 1) / certain
	}
	return 2 * (math.Sqrt(now/each) - math.Sqrt(k*(calm/each+1))) / math.Sqrt(1+k)
}

// certain is the number of samples that a counted value stands for.
const certain = 1e6

// jitter is how much the work of a function varies without a cause, as a part of
// it: clients come in bursts and ask for different things.
const jitter = 0.15

// heapChurn is how much a heap in use varies from one profile to the next, as a part
// of it, beyond the noise of sampling: a buffer of a request is in one profile and
// not in the next.
const heapChurn = 0.05
