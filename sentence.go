package holmes

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
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
		fmt.Fprintf(&b, ": %s its %s mean of %s (rule: %s %%", humanize.Above(t.Sample.Value, t.Baseline),
			humanize.Adjective(cmp.Or(t.BaselineOver, rule.Window)), unit.format(t.Baseline), humanize.Number(rule.Diff))
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
		out += " for " + humanize.Duration(t.Held)
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
		return humanize.Number(v)
	}
	parts := cmp.Or(u.parts, 10)
	return humanize.Number(math.Round(v*parts)/parts) + u.suffix
}

func (u unit) margin(v float64) string { return humanize.Number(v) + " " + u.points }

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
