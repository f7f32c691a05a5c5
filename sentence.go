package holmes

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
)

// Sentence says in one line what was seen and against which rule, for example
// "CPU 61 % for 15 s: 48 % above its 10-minute mean of 41 % (rule: 25 % and 10
// points)".
func (t Trigger) Sentence() string {
	why := t.Reason
	if why.Text != "" {
		return why.Text
	}
	switch why.Code {
	case CodeManual:
		return "captured on demand"
	case CodeContinuous:
		return "captured by timetable"
	}
	unit := unitOf(t.Sample)
	var b strings.Builder
	b.WriteString(t.seen())
	switch rule := why.Rule; why.Code {
	case CodeAbs:
		fmt.Fprintf(&b, ": above %s", unit.format(rule.Abs))
		if t.Baseline > 0 {
			fmt.Fprintf(&b, ", mean before it %s", unit.format(t.Baseline))
		}
	case CodeDiff, CodeSlow:
		fmt.Fprintf(&b, ": %s its %s mean of %s (rule: %s %%", above(t.Sample.Value, t.Baseline),
			adjective(cmp.Or(t.BaselineOver, rule.Window)), unit.format(t.Baseline), number(rule.Diff))
		if rule.Margin > 0 {
			b.WriteString(" and " + unit.margin(rule.Margin))
		}
		b.WriteString(")")
	default:
		b.WriteString(": " + why.Code)
	}
	return b.String()
}

// brief is the sentence without the rule, for whoever asks what is wrong and not
// why it was noticed: "CPU 92 % for 15 s, normal 31 %".
func (t Trigger) brief() string {
	switch t.Reason.Code {
	case CodeAbs, CodeDiff, CodeSlow:
	default:
		return t.Sentence()
	}
	out := t.seen()
	if t.Baseline > 0 {
		out += ", normal " + unitOf(t.Sample).format(t.Baseline)
	}
	return out
}

// seen is the value, and for how long.
func (t Trigger) seen() string {
	out := title(t.Sample.Signal) + " " + unitOf(t.Sample).format(t.Sample.Value)
	if t.Held >= time.Second {
		out += " for " + span(t.Held)
	}
	return out
}

// whyNot says in one line why a sample is no event.
func (why Reason) whyNot(s Sample) string {
	if why.Text != "" {
		return why.Text
	}
	unit := unitOf(s)
	now := title(s.Signal) + " " + unit.format(s.Value)
	switch rule := why.Rule; why.Code {
	case codeBelowMin:
		return fmt.Sprintf("%s is below min %s", now, unit.format(rule.Min))
	case codeAboveMax:
		return fmt.Sprintf("%s is at or above max %s, where nothing is captured", now, unit.format(rule.Max))
	case codeWarming:
		return now + ": warming up, too few samples for a mean"
	case codeNormal:
		out := fmt.Sprintf("%s, mean %s", now, unit.format(why.Mean))
		if rule.Diff > 0 {
			out += ": fires from " + unit.format(rule.bound(why.Mean))
		}
		if rule.Abs > 0 {
			out += " or above " + unit.format(rule.Abs)
		}
		return out
	default:
		return now + ": " + why.Code
	}
}

// A unit is how a signal's values are written.
type unit struct {
	suffix string  // after every value
	points string  // what a margin counts
	parts  float64 // of one, that a reader wants: hundredths; 0 is tenths
}

func unitOf(s Sample) unit {
	switch {
	case s.Limit > 0 || s.Signal == SignalGCCPU:
		return unit{suffix: " %", points: "points"}
	case s.Signal == SignalSchedLat:
		return unit{suffix: " ms", points: "ms", parts: 100}
	case s.Signal == SignalMutexWait:
		return unit{suffix: " s/s", points: "s/s", parts: 100}
	case s.Signal == SignalGoroutine:
		return unit{points: "goroutines"}
	case s.Signal == SignalThread:
		return unit{points: "threads"}
	default:
		return unit{points: "more"}
	}
}

func (u unit) format(v float64) string {
	if u.suffix == "" {
		return number(v)
	}
	parts := cmp.Or(u.parts, 10)
	return number(math.Round(v*parts)/parts) + u.suffix
}

func (u unit) margin(v float64) string { return number(v) + " " + u.points }

// titles are the signals as an operator says them.
var titles = map[Signal]string{
	SignalCPU: "CPU", SignalMem: "memory", SignalGCHeap: "live heap",
	SignalGoroutine: "goroutines", SignalThread: "threads",
	SignalGCCPU: "garbage collection", SignalSchedLat: "scheduling latency", SignalMutexWait: "lock wait",
}

func title(s Signal) string {
	if t, ok := titles[s]; ok {
		return t
	}
	return string(s)
}

// number writes a value with as many digits as a reader wants: 61, 4.2, 0.03.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 10 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case a >= 1:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2g", v)
	}
}

func above(v, mean float64) string {
	switch {
	case mean <= 0:
		return "above"
	case v > 100*mean: // a mean of next to nothing
		return "over 100 times"
	default:
		return fmt.Sprintf("%.0f %% above", (v/mean-1)*100)
	}
}

// span writes a duration as people say it: 15 s, 2 min, 6 h.
func span(d time.Duration) string {
	n, unit := rounded(d)
	return fmt.Sprintf("%s %s", number(n), unit)
}

// adjective writes a duration in front of a noun: 10-minute.
func adjective(d time.Duration) string {
	n, unit := rounded(d)
	long := map[string]string{"ms": "millisecond", "s": "second", "min": "minute", "h": "hour"}
	return fmt.Sprintf("%s-%s", number(n), long[unit])
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
