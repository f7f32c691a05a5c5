// Package humanize formats numbers and durations for sentences.
package humanize

import (
	"fmt"
	"math"
	"time"
)

// Number formats a value with two significant digits, or all before the point: 61,
// 4.2, 0.03.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 10 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case a >= 1:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2g", v)
	}
}

// Above formats by how much a value is above a mean: "48 % above".
func Above(v, mean float64) string {
	switch {
	case mean <= 0:
		return "above"
	case v > 100*mean:
		return "over 100 times"
	default:
		return fmt.Sprintf("%.0f %% above", (v/mean-1)*100)
	}
}

// Duration formats a duration with its unit: 15 s, 2 min, 6 h.
func Duration(d time.Duration) string {
	n, unit := rounded(d)
	return fmt.Sprintf("%s %s", Number(n), unit)
}

// Adjective formats a duration for the place before a noun: 10-minute.
func Adjective(d time.Duration) string {
	n, unit := rounded(d)
	long := map[string]string{"ms": "millisecond", "s": "second", "min": "minute", "h": "hour"}
	return fmt.Sprintf("%s-%s", Number(n), long[unit])
}

func rounded(d time.Duration) (float64, string) {
	switch {
	case d >= time.Hour:
		return math.Round(d.Hours()*10) / 10, "h"
	case d >= time.Minute && (d%time.Minute == 0 || d >= 10*time.Minute):
		return math.Round(d.Minutes()), "min"
	case d >= time.Second:
		return math.Round(d.Seconds()), "s"
	default:
		return math.Round(float64(d.Microseconds())) / 1000, "ms"
	}
}

// Join joins two notes by a semicolon; either may be empty.
func Join(a, b string) string { return JoinBy("; ", a, b) }

// JoinBy is Join with another separator.
func JoinBy(between, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}
