package judge

import (
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

// A signal is one signal of the target with its two detectors and their events.
type signal struct {
	name       detect.Signal
	judge      *Judge
	pair       detect.Pair
	fast, slow Suspicion
	last       detect.Sample
	missing    string // why there is no sample, if there is none
	veto       string
}

// maxWindow is the maximum number of samples in an event, as in process.
const maxWindow = 1000

func (s *signal) step(now time.Duration, sample detect.Sample, veto string) {
	s.last, s.veto = sample, veto
	s.pair.Step(now, sample, func(d *detect.Detector, sample detect.Sample) { s.judgeOne(d, now, sample, veto) })
}

// judgeOne passes a sample to one detector, and the outcome to its event.
func (s *signal) judgeOne(d *detect.Detector, now time.Duration, sample detect.Sample, veto string) {
	mine, other := &s.fast, &s.slow
	if d == s.pair.Slow {
		mine, other = other, mine
	}
	was := d.Active()
	if *mine != nil && !was {
		over, refused := (*mine).Finished()
		switch {
		case over && refused != nil:
			d.Refuse(now, *refused)
			*mine = nil
		case over:
			*mine = nil
		case veto == "":
			veto = "its last event is still being captured"
		}
	}
	out := d.Step(now, sample, veto)
	if out == detect.Suspected || out == detect.Confirmed && !was {
		*mine = s.judge.suspect(s.cause(d, now, sample))
	}
	switch {
	case *mine == nil:
	case out == detect.Dismissed:
		(*mine).Dismiss()
	case out == detect.Confirmed:
		(*mine).Confirm(s.cause(d, now, sample))
		if s.pair.Rest(now, d) && *other != nil {
			(*other).Dismiss()
		}
	}
}

func (s *signal) cause(d *detect.Detector, now time.Duration, sample detect.Sample) Cause {
	held, why := d.Held(now), d.Reason()
	return Cause{
		Signal: s.name, Onset: sample.At.Add(-held),
		Trigger: event.Trigger{
			Sample: sample, Reason: why, Baseline: why.Mean, BaselineOver: d.Reach(), Held: held,
			Window: d.Samples(maxWindow),
		},
	}
}

// drop dismisses what is suspected.
func (s *signal) drop() {
	for d, e := range map[*detect.Detector]Suspicion{s.pair.Fast: s.fast, s.pair.Slow: s.slow} {
		if d != nil && d.Drop() && e != nil {
			e.Dismiss()
		}
	}
}

func (s *signal) view(now time.Duration) View {
	out := View{Signal: s.name, State: "no value", Why: s.missing}
	if s.missing != "" || s.last.At.IsZero() {
		return out
	}
	v := s.pair.Fast.View()
	out.Value, out.State = detect.UnitOf(s.last).Format(s.last.Value), v.State(now, true)
	out.Why = v.WhyNot(s.last, now, s.veto)
	return out
}
