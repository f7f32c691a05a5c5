package detect

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

// A View is the state of a [detector], as plain values.
type View struct {
	why       Reason
	Mean      float64
	samples   int
	Active    bool
	Since     time.Duration
	Hold      time.Duration
	fires     bool
	Armed     bool
	Reported  float64
	coolUntil time.Duration
	spent     int
	budget    int
}

// View returns what the detector is doing. It allocates nothing.
func (d *Detector) View() View {
	return View{
		why: d.why, fires: d.fires, Mean: d.ring.Mean(), samples: d.ring.Len(),
		Active: d.active, Since: d.since, Hold: d.pace.Hold,
		Armed: !d.limit.Fired, Reported: d.limit.Reported, coolUntil: d.limit.CoolUntil,
		spent: len(d.limit.past), budget: d.limit.Budget,
	}
}

// WhyNot says in one sentence why a sample is no event, or what is suspected.
func (d View) WhyNot(s Sample, now time.Duration, veto string) string {
	value := Title(s.Signal) + " " + UnitOf(s).Format(s.Value)
	switch {
	case d.Active:
		return fmt.Sprintf("%s: suspected, held %s of %s", value, humanize.Duration(now-d.Since), humanize.Duration(d.Hold))
	case !d.fires && d.why.Code == codeWarming:
		return fmt.Sprintf("%s: warming up, %d of %d samples", value, d.samples, warmup)
	case !d.fires:
		return d.why.whyNot(s)
	case veto != "":
		return fmt.Sprintf("%s fires, but %s", value, veto)
	case now < d.coolUntil:
		return fmt.Sprintf("%s fires, but is cooling down %s more", value, humanize.Duration(d.coolUntil-now))
	case !d.Armed:
		return fmt.Sprintf("%s fires, but was reported at %s and has not been back to normal since", value, UnitOf(s).Format(d.Reported))
	case d.spent >= d.budget:
		return fmt.Sprintf("%s fires, but is over its budget of %d events a day", value, d.budget)
	default:
		return value + " fires"
	}
}

// The states of a detector.
const (
	StateCalm      = "calm"
	StateSuspected = "suspected"
	stateCooling   = "cooling"
	stateWarming   = "warming"
)

// State is one word for what the detector is doing; read says whether it has had
// a sample.
func (d View) State(now time.Duration, read bool) string {
	switch {
	case d.Active:
		return StateSuspected
	case now < d.coolUntil:
		return stateCooling
	case d.why.Code == codeWarming || !read:
		return stateWarming
	default:
		return StateCalm
	}
}
