package diagnose

import (
	"math"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// weightOf returns what one record of a profile weighs. Its variance follows
// from what one sample stands for: a tick of the CPU profile's clock, the
// bytes that a heap profile lets pass between two samples, one goroutine.
func weightOf(s pprofread.Sample, kind string, column pprofread.Column, period int64) weight {
	value := float64(column.Value(s))
	each := 1.0
	if n := column.Count(s); n > 0 {
		each = value / float64(n)
	}
	if kind == "heap" && period > 0 && each > 0 {
		// The runtime picks an object of this size with this probability, and
		// has multiplied what it picked by its inverse.
		each /= -math.Expm1(-each / float64(period))
	}
	return weight{value: value, variance: value * each}
}

// score is how far now is beyond calm times scale, in standard deviations.
// One sample more in the calm profile would have surprised nobody, so it is
// allowed for: without that, whatever a short calm profile missed would score
// as high as it likes.
func score(now, calm weight, scale float64) float64 {
	each := now.variance / now.value
	variance := now.variance + scale*scale*(calm.variance+each*each)
	return (now.value - scale*calm.value) / math.Sqrt(variance)
}
