package flame

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A scale is the name of a unit and how many of the smallest one it has.
type scale struct {
	name string
	per  float64
}

// Format returns a value with its unit, to three digits: "1.25 s", "12.3 MiB",
// "4 120".
func Format(value float64, unit string) string {
	if value < 0 {
		return "-" + Format(-value, unit)
	}
	switch unit {
	case "nanoseconds", "nanosecond", "ns":
		return by(value, []scale{{"h", 3600e9}, {"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}})
	case "microseconds", "milliseconds", "seconds":
		per := map[string]float64{"microseconds": 1e3, "milliseconds": 1e6, "seconds": 1e9}[unit]
		return Format(value*per, "nanoseconds")
	case "bytes", "byte":
		return by(value, []scale{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}})
	case "", "count":
		return grouped(value)
	default:
		return grouped(value) + " " + unit
	}
}

func by(value float64, scales []scale) string {
	last := len(scales) - 1
	for i, s := range scales {
		if value >= s.per || i == last {
			return digits(value/s.per) + " " + s.name
		}
	}
	return ""
}

// digits is a number with three digits, or with all that stand before the point.
func digits(v float64) string {
	places := 2 - int(math.Floor(math.Log10(max(v, 0.001))))
	text := strconv.FormatFloat(v, 'f', min(max(places, 0), 2), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// grouped is a whole number in groups of three.
func grouped(v float64) string {
	text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

// Percent returns a share of 1 as text, such as "12 %".
func Percent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return "-"
	}
	if a := math.Abs(share); a > 0 && a < 0.0995 {
		return fmt.Sprintf("%.1f %%", share*100)
	}
	return fmt.Sprintf("%.0f %%", share*100)
}

// Change says how a value differs from its base: "+2.2 s, +183 %".
func Change(value, base float64, unit string) string {
	delta := value - base
	sign := "+"
	if delta < 0 {
		sign = ""
	}
	switch {
	case delta == 0:
		return "no change"
	case base == 0:
		return sign + Format(delta, unit) + ", new"
	case value == 0:
		return sign + Format(delta, unit) + ", gone"
	default:
		return sign + Format(delta, unit) + ", " + sign + Percent(delta/base)
	}
}
