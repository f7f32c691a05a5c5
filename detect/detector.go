package detect

import (
	"slices"
	"time"
)

// warmup is how many samples a mean needs before it is judged against, and
// firstSamples how many of them stand for normal when the warm-up is over.
const (
	warmup       = 10
	firstSamples = 3
)

// Config is what a [Detector] judges by.
type Config struct {
	Rule     Rule
	Pace     Pace          // as a rule [PaceOf] the Rule
	Interval time.Duration // from one sample to the next
	Budget   int           // events in 24 hours; the first of each reason code always passes
}

// A Detector judges a stream of samples by one rule. It holds a suspicion until
// the rule has held for its hold time, reports an edge once, backs off, and
// keeps a daily budget; see [Pace]. It decides and does nothing else.
//
// A detector reads no clock: its caller says when a sample was taken, by any
// clock that is never set back. It is not safe for concurrent use, and allocates
// nothing while the rule does not fire, once it is warm.
type Detector struct {
	limit    Limiter
	rule     Rule
	pace     Pace
	interval time.Duration // of the samples
	ring     *Ring

	early  []dated // samples of the warm-up, until it is over
	since  time.Duration
	active bool // suspected, and held since then

	why   Reason // of the last judgement
	fires bool
}

type dated struct {
	at    time.Duration
	value float64
}

// An Outcome is what one sample changed.
type Outcome uint8

// The outcomes of a step.
const (
	nothing   Outcome = iota // nothing is suspected, before and after
	Suspected                // the rule fires for the first time
	Holding                  // it still fires
	Confirmed                // it has fired for its hold time: this is an event
	Dismissed                // it no longer fires: this was none
)

// New returns a detector that has seen no sample.
func New(c Config) *Detector {
	d := &Detector{limit: Limiter{Budget: c.Budget}, rule: c.Rule, pace: c.Pace, interval: c.Interval}
	window, hold := d.size()
	d.ring = newRing(window, hold, warmup)
	return d
}

// size is the pace in samples.
func (d *Detector) size() (window, hold int) {
	if d.pace.classic {
		return classicRing, 1
	}
	samples := func(t time.Duration) int { return int((t + d.interval - 1) / d.interval) }
	return max(samples(d.pace.Window), firstSamples), samples(d.pace.Hold) + 1
}

// Change takes over other settings and keeps the samples.
func (d *Detector) Change(c Config) {
	d.rule, d.pace, d.interval, d.limit.Budget = c.Rule, c.Pace, c.Interval, c.Budget
	if window, hold := d.size(); window != d.ring.window || window+hold != d.ring.room {
		d.ring = d.ring.resized(window, hold)
	}
}

// Step judges one sample, taken at now. A veto is why no suspicion may begin
// whatever the rule says; empty is none. Where the pace has no hold, the first
// sample that fires is confirmed at once.
func (d *Detector) Step(now time.Duration, s Sample, veto string) Outcome {
	out := d.next(now, s, veto)
	if out == Suspected && d.pace.Hold == 0 {
		out = Confirmed
	}
	if out == Confirmed {
		d.report(now, s.Value)
	}
	return out
}

func (d *Detector) next(now time.Duration, s Sample, veto string) Outcome {
	if d.pace.classic {
		return d.stepClassic(now, s, veto)
	}
	if !d.active {
		d.ring.settle()
	}
	d.judge(s)
	switch {
	case d.active:
		return d.hold(now, s.Value)
	case d.fires && d.mayBegin(now, s.Value, veto):
		d.begin(now, s.Value)
		return Suspected
	}
	d.ring.push(s.Value)
	if d.limit.Fired && !d.firesAt(s, d.pace.Margin) {
		d.limit.Fired = false
	}
	return d.warmUp(now, s, veto)
}

// stepClassic is mosn/holmes's order: the sample goes in first.
func (d *Detector) stepClassic(now time.Duration, s Sample, veto string) Outcome {
	d.ring.push(s.Value)
	if d.ring.Len() < classicRing {
		d.why, d.fires = Reason{Code: codeWarming, Rule: d.why.Rule}, false
		return nothing
	}
	d.judge(s)
	if !d.fires || veto != "" || now < d.limit.CoolUntil {
		return nothing
	}
	d.active, d.since = true, now
	return Suspected
}

func (d *Detector) judge(s Sample) { d.why, d.fires = d.rule.Eval(d.ring, s) }

// firesAt asks the rule what it would say to a value more than the sample's.
func (d *Detector) firesAt(s Sample, more float64) bool {
	s.Value += more
	why, fires := d.rule.Eval(d.ring, s)
	return fires || why.Code == codeAboveMax
}

// mayBegin is every reason other than the rule itself to begin nothing.
func (d *Detector) mayBegin(now time.Duration, v float64, veto string) bool {
	return veto == "" && d.limit.Armed(v, d.pace.Margin) && now >= d.limit.CoolUntil && d.limit.Affords(now, d.why.Code)
}

func (d *Detector) begin(now time.Duration, v float64) {
	d.active, d.since = true, now
	d.ring.hold(v)
}

func (d *Detector) hold(now time.Duration, v float64) Outcome {
	d.ring.hold(v)
	switch {
	case !d.fires:
		d.lapse()
		return Dismissed
	case now-d.since >= d.pace.Hold:
		return Confirmed
	default:
		return Holding
	}
}

// lapse ends a suspicion that came to nothing.
func (d *Detector) lapse() {
	d.active = false
	d.ring.settle()
}

// report ends a suspicion that became an event, and starts its cool-down.
//
// The samples of the hold join the mean with the next step: until then the
// caller sees the mean and the samples that the event was judged by.
func (d *Detector) report(now time.Duration, v float64) {
	d.active = false
	if d.pace.classic {
		d.limit.CoolUntil = now + d.pace.CoolDown
		return
	}
	d.limit.Reports(now, v, d.why.Code)
	d.limit.Cool(now, d.pace.CoolDown)
}

// warmUp collects the first samples. When there are enough for a mean, it
// judges them against the very first: what began meanwhile is a suspicion, not
// a part of normal.
func (d *Detector) warmUp(now time.Duration, s Sample, veto string) Outcome {
	if d.ring.warm < warmup || d.ring.window < warmup {
		return nothing // it is over
	}
	d.early = append(d.early, dated{now, s.Value})
	if len(d.early) < warmup {
		return nothing
	}
	early := d.early
	d.early = nil
	d.ring = newRing(d.ring.window, d.ring.room-d.ring.window, firstSamples)
	for _, e := range early {
		s.Value = e.value
		d.judge(s)
		switch {
		case d.active && d.fires:
			d.ring.hold(e.value)
		case d.active:
			d.lapse()
		case d.fires && d.mayBegin(e.at, e.value, veto):
			d.begin(e.at, e.value)
		default:
			d.ring.push(e.value)
		}
	}
	if d.active {
		return Suspected
	}
	return nothing
}

// Active reports whether something is suspected.
func (d *Detector) Active() bool { return d.active }

// Reason is why the rule fired at the last sample, or why not.
func (d *Detector) Reason() Reason { return d.why }

// Held is how long the rule has fired at now, while or right after something is
// suspected.
func (d *Detector) Held(now time.Duration) time.Duration { return now - d.since }

// Reach is how far back the mean reaches that the last sample was judged
// against.
func (d *Detector) Reach() time.Duration { return time.Duration(d.ring.Len()) * d.interval }

// Samples returns the newest samples, oldest first, at most so many.
func (d *Detector) Samples(most int) []float64 {
	all := d.ring.Append(nil)
	if len(all) <= most {
		return all
	}
	return slices.Clone(all[len(all)-most:])
}

// Drop ends a suspicion without an event, and reports whether there was one.
func (d *Detector) Drop() bool {
	was := d.active
	if was {
		d.lapse()
	}
	return was
}

// Rest begins a cool-down without an event, because another detector has
// reported the same. It reports whether something was suspected.
func (d *Detector) Rest(now time.Duration) (was bool) {
	d.limit.CoolUntil = max(d.limit.CoolUntil, now+d.pace.CoolDown)
	return d.Drop()
}

// Preempt notes an event that was begun without the detector.
func (d *Detector) Preempt(now time.Duration, v float64, code string) {
	d.limit.Reports(now, v, code)
	d.limit.Cool(now, d.pace.CoolDown)
}
