package judge

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A Cause is why a signal is suspected, or confirmed.
type Cause struct {
	Signal  detect.Signal
	Onset   time.Time // of the first suspicious sample
	Trigger event.Trigger
}

// A Suspicion takes the evidence of an event. Its methods do not block.
type Suspicion interface {
	// Confirm and Dismiss end it. One of them is called, once.
	Confirm(c Cause)
	Dismiss()
	// Finished reports whether the event is over, and why it was not captured, if it
	// was confirmed and not captured.
	Finished() (over bool, refused *detect.Refusal)
}

// Suspect begins a suspicion. It must not block.
type Suspect func(c Cause) Suspicion

// A Judge judges all signals of one target. It is not safe for concurrent use.
type Judge struct {
	suspect  Suspect
	grace    time.Duration
	interval time.Duration
	rules    config.Rules
	signals  []*signal // in the order of config.Signals
}

// budget is how many events one signal of one target may have in a day.
const budget = 24

// New returns the judge of a target of a job.
func New(j *config.Job, grace time.Duration, s Suspect) (*Judge, error) {
	out := &Judge{suspect: s, grace: grace, interval: time.Duration(j.ScrapeInterval), rules: j.Rules}
	for _, name := range config.Signals() {
		if _, _, on := j.Rules.Of(name); on {
			out.signals = append(out.signals, &signal{name: name, judge: out})
		}
	}
	if err := out.Reset(grace); err != nil {
		return nil, err
	}
	return out, nil
}

// Reset begins anew for a process with that age: the grace is what is left of it.
func (j *Judge) Reset(grace time.Duration) error {
	var wrong []error
	for _, s := range j.signals {
		s.drop()
		s.pair = detect.Pair{}
		fast, slow, _ := j.rules.Of(s.name)
		c := detect.Config{Rule: fast, Interval: j.interval, Budget: budget, Grace: grace}
		if _, err := s.pair.Change(c, slow); err != nil {
			wrong = append(wrong, fmt.Errorf("rule of %s: %w", s.name, err))
		}
		s.last, s.missing = detect.Sample{}, ""
	}
	return errors.Join(wrong...)
}

// Grace returns what is left of the grace for a process that was started at a time,
// which may be zero if unknown.
func (j *Judge) Grace(started, now time.Time) time.Duration {
	if started.IsZero() {
		return j.grace
	}
	return max(j.grace-now.Sub(started), 0)
}

// Step judges the samples of one reading, taken at now. A veto that is not empty is why
// no suspicion may begin.
func (j *Judge) Step(now time.Duration, samples []detect.Sample, missing map[detect.Signal]string, veto string) {
	given := map[detect.Signal]detect.Sample{}
	for _, s := range samples {
		given[s.Signal] = s
	}
	load, measured := given[detect.SignalCPU]
	for _, s := range j.signals {
		if sample, ok := given[s.name]; ok {
			s.missing = ""
			if measured { // which tells best whether the grace after a start is over
				s.pair.Fast.Load(!detect.Idle(load))
			}
			s.step(now, sample, veto)
		} else {
			s.missing = missing[s.name]
		}
	}
}

// Drop dismisses what is suspected: the target is gone.
func (j *Judge) Drop() {
	for _, s := range j.signals {
		s.drop()
	}
}

// Calm reports whether all signals that have samples are calm, and at least one has.
func (j *Judge) Calm(now time.Duration) bool {
	seen := false
	for _, s := range j.signals {
		if s.last.At.IsZero() || s.missing != "" {
			continue
		}
		seen = true
		state := s.pair.Fast.View().State(now, true)
		if !s.pair.Fast.Calm() || s.fast != nil || s.slow != nil || state != detect.StateCalm {
			return false
		}
	}
	return seen
}

// A View is the state of one signal for a reader.
type View struct {
	Signal detect.Signal
	Value  string
	State  string
	Why    string // why there is no event, or why there is no value
}

// Views returns the state of every signal.
func (j *Judge) Views(now time.Duration) []View {
	var out []View
	for _, s := range j.signals {
		out = append(out, s.view(now))
	}
	return out
}
