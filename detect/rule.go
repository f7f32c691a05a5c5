package detect

import (
	"fmt"
	"math"
	"time"
)

// A Rule decides whether a sample is out of its normal range.
//
// Rules for implementers: Eval is pure and quick. It looks at nothing but its
// arguments, keeps nothing, and does not allocate when it returns false. It is
// called once an interval, and again with a raised value to find out whether
// the signal has calmed down.
//
// A Rule with a method Pace() [Pace] sets its own window, hold and cool-down;
// another gets [DefaultPace].
type Rule interface {
	// Eval judges s against the samples before it. The Reason says why it
	// fired or why not; see [Threshold] for the codes that holmes knows.
	Eval(before *Ring, s Sample) (Reason, bool)
}

// Pace is how a [Rule] is applied over time. Durations, not ticks.
type Pace struct {
	// Window is how far back the mean reaches, where there are readings.
	Window time.Duration
	// Hold is how long the rule must hold without a break before an event is
	// confirmed. Zero confirms at once.
	Hold time.Duration
	// CoolDown is the least time from one event to the next of the same rule.
	// It doubles with every event, up to 32 times, until there has been none
	// for 32 times as long after the last one.
	CoolDown time.Duration
	// Margin is how far a value must fall under what fired, before the rule
	// is armed again.
	Margin float64

	// classic is mosn/holmes: a ring of ten samples whatever the interval,
	// nothing judged before it is full, the current sample inside the mean,
	// and no edge, no back-off and no budget.
	classic bool
}

// DefaultPace is what a [Rule] without a method Pace is applied with: a window
// of 10 minutes, a hold of 15 seconds, a cool-down of 1 minute.
func DefaultPace() Pace {
	return Pace{Window: 10 * time.Minute, Hold: 15 * time.Second, CoolDown: time.Minute}
}

// PaceOf returns the pace that a rule is applied with: its own, or the default.
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

// Reason codes of [Threshold]. The first three are why it fired, the next
// four come without a rule.
const (
	CodeAbs        = "abs"        // over Abs
	CodeDiff       = "diff"       // over the mean by Diff and Margin
	CodeSlow       = "slow"       // the same over hours
	CodeForecast   = "forecast"   // memory is about to run out
	CodeManual     = "manual"     // asked for with CaptureNow
	CodeContinuous = "continuous" // its time had come: WithContinuous
	CodeCrash      = "crash"      // a previous run ended without Stop
	codeBelowMin   = "below-min"  // under Min: never
	codeAboveMax   = "above-max"  // at or over Max: never
	codeWarming    = "warming"    // too few samples for a mean
	codeNormal     = "normal"     // none of it
)

// A Reason is why a rule fired, or why it did not.
type Reason struct {
	// Code is a short constant: "abs", "diff", "slow", or the rule's own.
	Code string
	// Mean is the mean that the sample was judged against, in its unit.
	Mean float64
	// Rule holds the thresholds that were applied, if the rule has any.
	Rule Threshold
	// Text is the rule's own words. Empty means that holmes finds them from
	// the other fields.
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
// where mean is over the samples of the Window before this one. Min, Abs, Max
// and Margin are in the unit of the signal: percent points or counts. Zero
// turns Max, Abs, Diff and Margin off, and is 10 minutes for Window.
//
// A fired rule is an edge: it is armed again when the value has fallen so far
// that even Margin more would not fire, or when it has risen Margin above what
// was reported. It must hold for Hold, and after an event it rests for
// CoolDown, doubled with every further one; see [Pace].
type Threshold struct {
	Min, Diff, Abs, Max, Margin float64
	Window, Hold, CoolDown      time.Duration
}

// Pace returns the rule's own window, hold, cool-down and margin.
func (t Threshold) Pace() Pace {
	return Pace{Window: t.Window, Hold: t.Hold, CoolDown: t.CoolDown, Margin: t.Margin}
}

// Check returns an error that names the first field which is negative or no
// number.
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

// Slow returns t for samples that are means of minutes over hours: its reason
// is [CodeSlow] instead of [CodeDiff].
func Slow(t Threshold) Rule { return slowRule{t} }

type slowRule struct{ Threshold }

func (r slowRule) Eval(before *Ring, s Sample) (Reason, bool) {
	why, fires := r.Threshold.Eval(before, s)
	if why.Code == CodeDiff {
		why.Code = CodeSlow
	}
	return why, fires
}

// Classic returns t as mosn/holmes judges it, in its integers: over a ring of ten
// samples with the current one among them, without a hold, an edge or a back-off.
func Classic(t Threshold) Rule { return classicRule{t} }

type classicRule struct{ Threshold }

const classicRing = 10

// Pace implements the interface that [Rule] describes.
func (r classicRule) Pace() Pace {
	return Pace{CoolDown: r.CoolDown, classic: true}
}

func (r classicRule) Eval(withCurrent *Ring, s Sample) (Reason, bool) {
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

// Finite reports whether a value can be judged.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
