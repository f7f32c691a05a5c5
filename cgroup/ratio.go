package cgroup

import (
	"math"
	"time"
)

// CPUPercent returns the CPU time used within elapsed time as a percentage of that many cores: 100 means that all of
// them were busy. It never returns NaN, infinity or less than 0; where nothing sensible can be said, because a number is
// not positive or not a number, it returns 0.
func CPUPercent(used, elapsed time.Duration, cores float64) float64 {
	if used <= 0 || elapsed <= 0 || !(cores > 0) {
		return 0
	}
	return min(float64(used)/float64(elapsed)/cores*100, math.MaxFloat64)
}

// Percent returns used as a percentage of limit. It is more than 100 if used is the larger one, and 0 if limit is 0,
// which stands for "no limit". It never returns NaN or infinity.
func Percent(used, limit uint64) float64 {
	if limit == 0 {
		return 0
	}
	return float64(used) / float64(limit) * 100
}

// smallest returns the smaller of two limits, of which 0 means "none".
func smallest[T uint64 | float64](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
