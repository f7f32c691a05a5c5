package detect

import (
	"fmt"
	"math"
	"time"
)

// A Rule decides whether a sample is out of its normal range.
//
// Rules for implementers: Eval depends on its arguments only, keeps no state, and
// does not allocate when it returns false. It is called once an interval, and again
// with a raised value to find out whether the signal has calmed down.
//
// A Rule with a method Pace() [Pace] sets its own window, hold and cool-down; any
// other Rule gets [DefaultPace].
type Rule interface {
	// Eval judges s against the samples before it, and reports whether it fires.
	// The Reason says why, or why not; its code is one of this package's or the
	// rule's own.
	Eval(before *Ring, s Sample) (Reason, bool)
}

// Pace is how a [Rule] is applied over time.
type Pace struct {
	// Window is the time over which the mean is taken. Zero is 10 minutes.
	Window time.Duration
	// Hold is for how long the rule must fire without a break before an event is
	// confirmed. Zero confirms the first sample that fires.
	Hold time.Duration
	// CoolDown is the least time from one event to the next. It doubles with each
	// event, up to 32 times, and starts again after 32 times CoolDown without one.
	CoolDown time.Duration
	// Margin, in the unit of the samples, is how far a value must fall below what
	// fires before the rule is armed again, or rise above what was reported to be
	// reported again.
	Margin float64

	// classic judges as mosn/holmes does: over ten samples whatever the interval,
	// the current one included, nothing before there are ten, and without an edge,
	// a back-off and a budget.
	classic bool
}

// DefaultPace returns the pace of a [Rule] that has no method Pace: a window of 10
// minutes, a hold of 15 seconds, a cool-down of 1 minute, and no margin.
func DefaultPace() Pace {
	return Pace{Window: 10 * time.Minute, Hold: 15 * time.Second, CoolDown: time.Minute}
}

// PaceOf returns the pace of a rule: its own, or [DefaultPace].
func PaceOf(r Rule) Pace {
	p := DefaultPace()
	if own, ok := r.(interface{ Pace() Pace }); ok {
		p = own.Pace()
	}
	if p.Window <= 0 {
		p.Window = DefaultPace().Window
	}
	return p
}

// The reason codes of events. A [Threshold] has the first three; the others are of
// events without a rule.
const (
	CodeAbs        = "abs"        // above Abs
	CodeDiff       = "diff"       // above the mean by Diff and Margin
	CodeSlow       = "slow"       // the same, for the means of minutes over hours
	CodeForecast   = "forecast"   // memory is about to run out
	CodeManual     = "manual"     // captured on demand: CaptureNow
	CodeContinuous = "continuous" // captured by timetable: WithContinuous
	CodeCrash      = "crash"      // a previous run ended without Stop
)

// Why a Threshold did not fire.
const (
	codeBelowMin = "below-min"
	codeAboveMax = "above-max" // at or above Max
	codeWarming  = "warming"   // too few samples for a mean
	codeNormal   = "normal"
)

// A Reason is why a rule fired, or why it did not.
type Reason struct {
	// Code is a short constant: one of the codes of this package, the rule's own or, where
	// a [Threshold] did not fire, "below-min", "above-max", "warming" or "normal".
	Code string
	// Mean is the mean that the sample was judged against, in its unit.
	Mean float64
	// Rule is the thresholds that were applied, zero if the rule has none.
	Rule Threshold
	// Text is the reason in the rule's own words. If it is empty, the sentence of
	// an event is made of the other fields.
	Text string
}

// Threshold is the [Rule] of mosn/holmes, in floating point and over time:
//
//	value < Min                                       no
//	Max > 0 and value >= Max                          no
//	Abs > 0 and value > Abs                           yes ("abs")
//	Diff > 0 and value >= mean x (1 + Diff/100)
//	         and value >= mean + Margin               yes ("diff")
//
// The mean is over the samples of the Window before this one, those of a hold
// excluded. Min, Abs, Max and Margin are in the unit of the signal, such as percent
// points or a count; Diff is in percent. Zero turns Max, Abs, Diff and Margin off,
// and is 10 minutes for Window.
//
// After an event the rule is armed again when a value that is Margin higher would
// not fire either; a value that is Margin above the reported one fires without
// that. See [Pace] for Window, Hold and CoolDown.
type Threshold struct {
	Min, Diff, Abs, Max, Margin float64
	Window, Hold, CoolDown      time.Duration
}

// Pace returns the window, hold, cool-down and margin of the rule.
func (t Threshold) Pace() Pace {
	return Pace{Window: t.Window, Hold: t.Hold, CoolDown: t.CoolDown, Margin: t.Margin}
}

// Check returns an error that names the first field that is negative, infinite or
// no number, and nil if there is none.
func (t Threshold) Check() error {
	for _, f := range []struct {
		name string
		v    float64
	}{
		{"Min", t.Min}, {"Diff", t.Diff}, {"Abs", t.Abs}, {"Max", t.Max}, {"Margin", t.Margin},
	} {
		if !Finite(f.v) || f.v < 0 {
			return fmt.Errorf("%s %v: must be a number from 0 on", f.name, f.v)
		}
	}
	for _, f := range []struct {
		name string
		v    time.Duration
	}{{"Window", t.Window}, {"Hold", t.Hold}, {"CoolDown", t.CoolDown}} {
		if f.v < 0 {
			return fmt.Errorf("%s %v: must be a number from 0 on", f.name, f.v)
		}
	}
	return nil
}

// Eval implements [Rule].
func (t Threshold) Eval(before *Ring, s Sample) (Reason, bool) {
	why := Reason{Code: codeNormal, Mean: before.Mean(), Rule: t}
	switch v := s.Value; {
	case v < t.Min:
		why.Code = codeBelowMin
	case t.Max > 0 && v >= t.Max:
		why.Code = codeAboveMax
	case t.Abs > 0 && v > t.Abs:
		why.Code = CodeAbs
		return why, true
	case !before.Warm():
		why.Code = codeWarming
	case t.Diff > 0 && v >= t.bound(why.Mean):
		why.Code = CodeDiff
		return why, true
	}
	return why, false
}

// bound is the value at which the diff part fires over a mean.
func (t Threshold) bound(mean float64) float64 {
	return max(mean*(1+t.Diff/100), mean+t.Margin)
}

// A slowRule is a Threshold for the means of minutes, with its own reason code.
type slowRule struct{ Threshold }

func (r *slowRule) Eval(before *Ring, s Sample) (Reason, bool) {
	why, fires := r.Threshold.Eval(before, s)
	if why.Code == CodeDiff {
		why.Code = CodeSlow
	}
	return why, fires
}

// Classic returns t as mosn/holmes judges it: in integers, over ten samples with the
// current one among them, without a hold, an edge, a back-off or a budget.
func Classic(t Threshold) Rule { return &classicRule{t} }

type classicRule struct{ Threshold }

const classicRing = 10

// Pace implements the interface that [Rule] describes.
func (r *classicRule) Pace() Pace {
	return Pace{CoolDown: r.CoolDown, classic: true}
}

func (r *classicRule) Eval(withCurrent *Ring, s Sample) (Reason, bool) {
	sum := 0
	n := withCurrent.Len()
	for i := range n {
		sum += int(withCurrent.buf[withCurrent.index(i-n)])
	}
	mean := 0
	if n > 0 {
		mean = sum / n
	}
	why := Reason{Code: codeNormal, Mean: float64(mean), Rule: r.Threshold}
	cur, ceiling := int(s.Value), int(r.Max)
	switch {
	case cur < int(r.Min):
		why.Code = codeBelowMin
	case ceiling != 0 && cur >= ceiling:
		why.Code = codeAboveMax
	case cur > int(r.Abs):
		why.Code = CodeAbs
		return why, true
	case cur >= mean*(100+int(r.Diff))/100:
		why.Code = CodeDiff
		return why, true
	}
	return why, false
}

// Finite reports whether a rule can judge v: it is a number, and not infinite.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
