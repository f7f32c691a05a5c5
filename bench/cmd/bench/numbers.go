package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// median returns the middle of values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

// spread is the median and the range around it.
func spread(values []float64, scale float64, unit string) string {
	if len(values) == 0 {
		return "-"
	}
	f := func(v float64) string { return figure(v * scale) }
	if unit != "" {
		unit = " " + unit
	}
	return fmt.Sprintf("%s%s (%s to %s)", f(median(values)), unit, f(slices.Min(values)), f(slices.Max(values)))
}

// figure formats a number with about three significant digits.
func figure(v float64) string {
	switch size := math.Abs(v); {
	case size >= 100 || size == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// ratios are the quotients of pairs.
func ratios(of, over []float64) (all []float64) {
	for i := range min(len(of), len(over)) {
		if over[i] > 0 {
			all = append(all, of[i]/over[i])
		}
	}
	return all
}

// times returns the median ratio as text.
func times(of, over []float64) string {
	r := ratios(of, over)
	if len(r) == 0 {
		return ""
	}
	return fmt.Sprintf(", %s times ours", figure(median(r)))
}

func seconds(ds []time.Duration) (all []float64) {
	for _, d := range ds {
		all = append(all, d.Seconds())
	}
	return all
}
