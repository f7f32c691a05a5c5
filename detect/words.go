package detect

import (
	"cmp"
	"fmt"
	"math"

	"github.com/go-holmes/holmes/internal/humanize"
)

// whyNot says in one line why a sample is no event.
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

// A Unit is how a signal's values are written.
type Unit struct {
	suffix string  // after every value
	points string  // what a margin counts
	parts  float64 // of one, that a reader wants: hundredths; 0 is tenths
}

// UnitOf returns the unit of a sample.
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

// Format writes a value with its unit: "61 %".
func (u Unit) Format(v float64) string {
	if u.suffix == "" {
		return humanize.Number(v)
	}
	parts := cmp.Or(u.parts, 10)
	return humanize.Number(math.Round(v*parts)/parts) + u.suffix
}

// Margin writes a difference between two values: "10 points".
func (u Unit) Margin(v float64) string { return humanize.Number(v) + " " + u.points }

// titles are the signals as an operator says them.
var titles = map[Signal]string{
	SignalCPU: "CPU", SignalMem: "memory", SignalGCHeap: "live heap",
	SignalGoroutine: "goroutines", SignalThread: "threads",
	SignalGCCPU: "garbage collection", SignalSchedLat: "scheduling latency", SignalMutexWait: "lock wait",
}

// Title returns the signal as an operator says it: "CPU", "live heap".
func Title(s Signal) string {
	if t, ok := titles[s]; ok {
		return t
	}
	return string(s)
}
