package pproftext

import (
	"fmt"
	"math"
	"time"
)

// amount writes a value in its unit, to few digits.
func amount(v float64, unit string) string {
	switch unit {
	case "bytes":
		return size(v)
	case "nanoseconds":
		if v < math.MaxInt64 {
			return time.Duration(v).Round(time.Microsecond).String()
		}
		return fmt.Sprintf("%.0fs", v/1e9)
	case "count", "":
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.0f %s", v, unit)
	}
}

func size(v float64) string {
	prefix := 0
	for v >= 1024 && prefix < len("KMGT") {
		v /= 1024
		prefix++
	}
	if prefix == 0 {
		return fmt.Sprintf("%.0f B", v)
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGT"[prefix-1])
}
