package detect

import (
	"cmp"
	"fmt"
	"math"

	"github.com/go-holmes/holmes/internal/humanize"
)

// whyNot says in one line why the rule did not fire.
func (why Reason) whyNot(s Sample) string {
	if why.Text != "" {
		return why.Text
	}
	unit := UnitOf(s)
	now := Title(s.Signal) + " " + unit.Format(s.Value)
	switch rule := why.Rule; why.Code {
	case codeBelowMin:
		return fmt.Sprintf("%s is below min %s", now, unit.Format(rule.Min))
	case codeAboveMax:
		return fmt.Sprintf("%s is at or above max %s, where nothing is captured", now, unit.Format(rule.Max))
	case codeWarming:
		return now + ": warming up, too few samples for a mean"
	case codeNormal:
		out := fmt.Sprintf("%s, mean %s", now, unit.Format(why.Mean))
		if rule.Diff > 0 {
			out += ": fires from " + unit.Format(rule.bound(why.Mean))
		}
		if rule.Abs > 0 {
			out += " or above " + unit.Format(rule.Abs)
		}
		return out
	default:
		return now + ": " + why.Code
	}
}

// A Unit formats the values of a signal.
type Unit struct {
	suffix string  // of a value
	points string  // unit of a margin
	parts  float64 // values are rounded to 1/parts; 0 is 10
}

// UnitOf returns the unit of a sample: percent if it has a Limit.
func UnitOf(s Sample) Unit {
	switch {
	case s.Limit > 0 || s.Signal == SignalGCCPU:
		return Unit{suffix: " %", points: "points"}
	case s.Signal == SignalSchedLat:
		return Unit{suffix: " ms", points: "ms", parts: 100}
	case s.Signal == SignalMutexWait:
		return Unit{suffix: " s/s", points: "s/s", parts: 100}
	case s.Signal == SignalGoroutine:
		return Unit{points: "goroutines"}
	case s.Signal == SignalThread:
		return Unit{points: "threads"}
	default:
		return Unit{points: "more"}
	}
}

// Format returns a value with its unit: "61 %".
func (u Unit) Format(v float64) string {
	if u.suffix == "" {
		return humanize.Number(v)
	}
	parts := cmp.Or(u.parts, 10)
	return humanize.Number(math.Round(v*parts)/parts) + u.suffix
}

// Margin returns a difference of two values with its unit: "10 points".
func (u Unit) Margin(v float64) string { return humanize.Number(v) + " " + u.points }

var titles = map[Signal]string{
	SignalCPU: "CPU", SignalMem: "memory", SignalGCHeap: "live heap",
	SignalGoroutine: "goroutines", SignalThread: "threads",
	SignalGCCPU: "garbage collection", SignalSchedLat: "scheduling latency", SignalMutexWait: "lock wait",
}

// Title returns the signal's name for a sentence: "CPU", "live heap". The title of a
// signal that is not built in is its name.
func Title(s Signal) string {
	if t, ok := titles[s]; ok {
		return t
	}
	return string(s)
}
