package event

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/humanize"
)

// A Trigger is the reading that confirmed an event, and why.
type Trigger struct {
	// Sample is the reading that confirmed the event.
	Sample detect.Sample
	// Reason is why the rule fired.
	Reason detect.Reason
	// Baseline is the mean of the samples before the event, in the unit of
	// Sample.Value.
	Baseline float64
	// BaselineOver is the time over which that mean was taken: the window of the
	// rule, or less in a young process.
	BaselineOver time.Duration
	// Held is for how long the rule had fired when the event was confirmed.
	Held time.Duration
	// Window is the latest samples, one an interval and oldest first: those of the
	// mean and those of the hold, Sample included, at most 1000.
	Window []float64
	// Times is how often the signal had an event for this reason code within the time
	// TimesOver: in all processes of the service with this dump path, reported or not,
	// this one included, without a day between two. It is 0 if it is not known.
	Times     int
	TimesOver time.Duration
}

// repeated returns how often this has happened: " (12 times in 3 h)".
func (t Trigger) repeated() string {
	if t.Times < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d times in %s)", t.Times, humanize.Duration(t.TimesOver))
}

// Sentence returns the trigger in one line, with the rule, for example "CPU 61 % for
// 15 s: 48 % above its 10-minute mean of 41 % (rule: 25 % and 10 points)".
func (t Trigger) Sentence() string {
	why := &t.Reason
	if why.Text != "" {
		return why.Text
	}
	switch why.Code {
	case detect.CodeManual:
		return "captured on demand"
	case detect.CodeContinuous:
		return "captured by timetable"
	}
	unit := detect.UnitOf(t.Sample)
	var b strings.Builder
	b.WriteString(t.value())
	switch rule := &why.Rule; why.Code {
	case detect.CodeAbs:
		fmt.Fprintf(&b, ": above %s", unit.Format(rule.Abs))
		if t.Baseline > 0 {
			fmt.Fprintf(&b, ", mean before it %s", unit.Format(t.Baseline))
		}
	case detect.CodeDiff, detect.CodeSlow:
		fmt.Fprintf(&b, ": %s its %s mean of %s (rule: %s %%", humanize.Above(t.Sample.Value, t.Baseline),
			humanize.Adjective(cmp.Or(t.BaselineOver, rule.Window)), unit.Format(t.Baseline), humanize.Number(rule.Diff))
		if rule.Margin > 0 {
			b.WriteString(" and " + unit.Margin(rule.Margin))
		}
		b.WriteString(")")
	default:
		b.WriteString(": " + why.Code)
	}
	return b.String()
}

// brief returns the sentence without the rule: "CPU 92 % for 15 s, normal 31 %".
func (t Trigger) brief() string {
	switch t.Reason.Code {
	case detect.CodeAbs, detect.CodeDiff, detect.CodeSlow:
	default:
		return t.Sentence()
	}
	out := t.value()
	if t.Baseline > 0 {
		out += ", normal " + detect.UnitOf(t.Sample).Format(t.Baseline)
	}
	return out
}

// value returns the value, and for how long the rule has fired.
func (t Trigger) value() string {
	out := detect.Title(t.Sample.Signal) + " " + detect.UnitOf(t.Sample).Format(t.Sample.Value)
	if t.Held >= time.Second {
		out += " for " + humanize.Duration(t.Held)
	}
	return out
}
