package detect

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

// A View is the state of a [Detector] as plain values, which a caller may copy to
// other goroutines.
type View struct {
	// Mean is the mean that the next sample is judged against, in the unit of
	// the samples, and 0 before the first sample.
	Mean float64
	// Active is true while an event is suspected. The rule has fired since
	// Since, and must fire for Hold.
	Active      bool
	Since, Hold time.Duration
	// Armed is false after an event, until the signal has calmed down. Reported
	// is the value of that event.
	Armed    bool
	Reported float64
	// Young is true in the grace after a start; see Grace in [Config].
	Young bool

	grace     time.Duration // left
	load      time.Duration // what the process must still have
	why       Reason
	fires     bool
	samples   int
	refused   Refusal
	coolUntil time.Duration
	spent     int
	budget    int
}

// View returns the state of the detector. It allocates nothing.
func (d *Detector) View() View {
	age, load := d.ring.graceLeft()
	return View{
		Young: d.ring.young(), grace: time.Duration(age) * d.interval, load: time.Duration(load) * d.interval,
		why: d.why, fires: d.fires, Mean: d.ring.Mean(), samples: d.ring.Len(),
		Active: d.active, Since: d.since, Hold: d.pace.Hold,
		Armed: !d.limit.Fired, Reported: d.limit.Reported, refused: d.refused, coolUntil: d.limit.CoolUntil,
		spent: len(d.limit.past), budget: d.limit.Budget,
	}
}

// WhyNot says in one sentence why s, the last sample, is no event, or for how long
// an event has been suspected. The veto is that of [Detector.Step].
func (v View) WhyNot(s Sample, now time.Duration, veto string) string {
	value := Title(s.Signal) + " " + UnitOf(s).Format(s.Value)
	switch {
	case v.Active:
		return fmt.Sprintf("%s: suspected, held %s of %s", value, humanize.Duration(now-v.Since), humanize.Duration(v.Hold))
	case !v.fires && v.why.Code == codeWarming && v.load > v.grace:
		return fmt.Sprintf("%s: not compared with its mean before the process has had load for %s more", value, humanize.Duration(v.load))
	case !v.fires && v.why.Code == codeWarming && v.grace > 0:
		return fmt.Sprintf("%s: not compared with its mean for %s more after the start", value, humanize.Duration(v.grace))
	case !v.fires && v.why.Code == codeWarming:
		return fmt.Sprintf("%s: warming up, %d of %d samples", value, v.samples, warmup)
	case !v.fires:
		return v.why.whyNot(s)
	case veto != "":
		return fmt.Sprintf("%s fires, but %s", value, veto)
	case v.Refused(now):
		return fmt.Sprintf("%s fires, but is not reported for %s more: it %s", value, humanize.Duration(v.coolUntil-now), v.refused.Why)
	case now < v.coolUntil:
		return fmt.Sprintf("%s fires, but is cooling down %s more", value, humanize.Duration(v.coolUntil-now))
	case !v.Armed && v.refused.Level:
		return fmt.Sprintf("%s fires, but %s at %s and has not been back to normal since", value, v.refused.Why, UnitOf(s).Format(v.refused.Reported))
	case !v.Armed:
		return fmt.Sprintf("%s fires, but was reported at %s and has not been back to normal since", value, UnitOf(s).Format(v.Reported))
	case v.spent >= v.budget:
		return fmt.Sprintf("%s fires, but is over its budget of %d events a day", value, v.budget)
	default:
		return value + " fires"
	}
}

// Refused reports whether the last event was not reported, for a time that lasts at now.
func (v View) Refused(now time.Duration) bool { return v.refused.For > 0 && now < v.coolUntil }

// The states of a [Detector]; see [View.State].
const (
	StateCalm      = "calm"
	StateSuspected = "suspected" // an event is suspected
	StateCooling   = "cooling"   // in the cool-down after an event
	StateWarming   = "warming"   // too few samples for a mean
	StateDisabled  = "disabled"  // for a caller that gives it no samples
)

// State returns the state of the detector: one of the constants but [StateDisabled]. read
// says whether there has been a sample.
func (v View) State(now time.Duration, read bool) string {
	switch {
	case v.Active:
		return StateSuspected
	case now < v.coolUntil:
		return StateCooling
	case v.why.Code == codeWarming && v.samples < warmup || !read:
		return StateWarming
	default:
		return StateCalm
	}
}
