package holmes

import (
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

// warmup is how many samples a mean needs before it is judged against, and
// firstSamples how many of them stand for normal when the warm-up is over.
const (
	warmup       = 10
	firstSamples = 3
)

// A detector applies one rule to one ring of samples: it holds, confirms and
// cools down. It does nothing but decide; see lane for what follows.
type detector struct {
	brake

	rule     Rule
	pace     Pace
	interval time.Duration // of the samples
	ring     *Ring
	guard    *supervise.Breaker // nil for our own rules

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

// An outcome is what one sample changed.
type outcome uint8

const (
	nothing   outcome = iota
	suspected         // the rule holds for the first time
	holding           // it holds still
	confirmed         // it has held for its hold time
	dismissed         // it has lapsed
)

func newDetector(r Rule, p Pace, interval time.Duration, budget int, g *supervise.Breaker) *detector {
	d := &detector{brake: brake{budget: budget}, rule: r, pace: p, interval: interval, guard: g}
	window, hold := d.size()
	d.ring = newRing(window, hold, warmup)
	return d
}

// size is the pace in samples.
func (d *detector) size() (window, hold int) {
	if d.pace.classic {
		return classicRing, 1
	}
	samples := func(t time.Duration) int { return int((t + d.interval - 1) / d.interval) }
	return max(samples(d.pace.Window), firstSamples), samples(d.pace.Hold) + 1
}

// change takes over new settings and keeps the samples.
func (d *detector) change(r Rule, p Pace, interval time.Duration, budget int) {
	d.rule, d.pace, d.interval, d.budget = r, p, interval, budget
	if window, hold := d.size(); window != d.ring.window || window+hold != d.ring.room {
		d.ring = d.ring.resized(window, hold)
	}
}

// reach is how much time the mean is over.
func (d *detector) reach() time.Duration { return time.Duration(d.ring.Len()) * d.interval }

// step judges one sample. veto is why nothing may begin now, if anything.
func (d *detector) step(now time.Duration, s Sample, veto string) outcome {
	if d.pace.classic {
		return d.stepClassic(now, s, veto)
	}
	d.judge(s)
	switch {
	case d.active:
		return d.hold(now, s.Value)
	case d.fires && d.mayBegin(now, s.Value, veto):
		d.begin(now, s.Value)
		return suspected
	}
	d.ring.push(s.Value)
	if d.fired && !d.firesAt(s, d.pace.Margin) {
		d.fired = false
	}
	return d.warmUp(now, s, veto)
}

// stepClassic is mosn/holmes's order: the sample goes in first.
func (d *detector) stepClassic(now time.Duration, s Sample, veto string) outcome {
	d.ring.push(s.Value)
	if d.ring.Len() < classicRing {
		d.why, d.fires = Reason{Code: codeWarming, Rule: d.why.Rule}, false
		return nothing
	}
	d.judge(s)
	if !d.fires || veto != "" || now < d.coolUntil {
		return nothing
	}
	d.active, d.since = true, now
	return suspected
}

func (d *detector) judge(s Sample) { d.why, d.fires = d.eval(s) }

func (d *detector) eval(s Sample) (why Reason, fires bool) {
	if d.guard == nil {
		return d.rule.Eval(d.ring, s)
	}
	err := d.guard.Call(func() error { why, fires = d.rule.Eval(d.ring, s); return nil })
	if err != nil {
		return Reason{Code: "error", Text: "the rule " + err.Error()}, false
	}
	return why, fires
}

// firesAt asks the rule what it would say to a value more than the sample's.
func (d *detector) firesAt(s Sample, more float64) bool {
	s.Value += more
	why, fires := d.eval(s)
	return fires || why.Code == codeAboveMax
}

// mayBegin is every reason other than the rule itself to begin nothing.
func (d *detector) mayBegin(now time.Duration, v float64, veto string) bool {
	return veto == "" && d.armed(v, d.pace.Margin) && now >= d.coolUntil && d.affords(now, d.why.Code)
}

func (d *detector) begin(now time.Duration, v float64) {
	d.active, d.since = true, now
	d.ring.hold(v)
}

func (d *detector) hold(now time.Duration, v float64) outcome {
	d.ring.hold(v)
	switch {
	case !d.fires:
		d.lapse()
		return dismissed
	case now-d.since >= d.pace.Hold:
		return confirmed
	default:
		return holding
	}
}

// lapse ends a suspicion that came to nothing.
func (d *detector) lapse() {
	d.active = false
	d.ring.settle()
}

// report ends a suspicion that became an event, and starts its cool-down.
func (d *detector) report(now time.Duration, v float64) {
	d.active = false
	d.ring.settle()
	if d.pace.classic {
		d.coolUntil = now + d.pace.CoolDown
		return
	}
	d.reports(now, v, d.why.Code)
	d.cool(now, d.pace.CoolDown)
}

// warmUp collects the first samples. When there are enough for a mean, it
// judges them against the very first: what began meanwhile is a suspicion, not
// a part of normal.
func (d *detector) warmUp(now time.Duration, s Sample, veto string) outcome {
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
		return suspected
	}
	return nothing
}
