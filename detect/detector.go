package detect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// warmup is how many samples a mean needs before it is compared with, and
// firstSamples how many of them make the first mean when the warm-up is over.
const (
	warmup       = 10
	firstSamples = 3
)

// DefaultGrace is the default of Grace in a [Config] in holmes.
const DefaultGrace = 3 * time.Minute

// MaxSamples is how many samples a rule may keep: those of its window and its hold.
const MaxSamples = 100_000

// Config is the settings of a [Detector]. All fields but Grace are required.
type Config struct {
	Rule     Rule          // its pace is [PaceOf] the rule
	Interval time.Duration // from one sample to the next
	Budget   int           // events in 24 hours; the first of each reason code always passes

	// Grace is for how long after the first sample no sample is compared with the
	// mean, because a process that has just been started is idle before it gets its
	// load. It lasts until the process has had load for a third of that time, or none
	// for forty times that time; see [Idle] and [Detector.Load]. Until the process has
	// had load for four times the window of the rule, the mean is over the last quarter
	// of that. Zero is no grace: the mean is compared from ten samples on, and over all
	// of the window. See [Detector.Expect].
	Grace time.Duration

	warm int // samples that a mean needs to be compared with; 0 is the default
}

// Check returns an error that names the first setting which is missing or out of its
// range.
func (c Config) Check() error {
	switch {
	case c.Rule == nil:
		return errors.New("rule is nil")
	case c.Interval <= 0:
		return fmt.Errorf("interval %v: must be above 0", c.Interval)
	case c.Budget <= 0:
		return fmt.Errorf("budget %d: must be above 0", c.Budget)
	case c.Grace < 0:
		return fmt.Errorf("grace %v: must be from 0 on", c.Grace)
	}
	p := PaceOf(c.Rule)
	pace := Threshold{Window: p.Window, Hold: p.Hold, CoolDown: p.CoolDown, Margin: p.Margin}
	if t, ok := c.Rule.(Threshold); ok {
		pace = t
	}
	if err := pace.Check(); err != nil {
		return err
	}
	if samples := (float64(p.Window) + float64(p.Hold)) / float64(c.Interval); !p.classic && samples > MaxSamples {
		return fmt.Errorf("a window of %v and a hold of %v at an interval of %v are %.0f samples: at most %d",
			p.Window, p.Hold, c.Interval, samples, MaxSamples)
	}
	return nil
}

// A Detector judges a stream of samples by one [Rule]. It confirms an event when
// the rule has fired for its hold time, reports a level that stays once, backs
// off, and keeps a daily budget; see [Pace].
//
// A Detector reads no clock: the caller passes the time of a sample, by any clock
// that is never set back. It is not safe for concurrent use. Once the first ten
// samples are in, it allocates nothing while the rule does not fire. [New] makes one; the
// zero Detector has no rule, and its Step panics.
type Detector struct {
	limit    Limiter
	rule     Rule
	pace     Pace
	interval time.Duration // of the samples
	ring     *Ring
	told     bool // whether the process has load, by Load

	early  []timedValue // samples of the warm-up, until it is over
	since  time.Duration
	active bool // an event has been suspected since then

	refused Refusal // of the last event, zero if it was reported

	why   Reason // of the last judgement
	fires bool
}

type timedValue struct {
	at    time.Duration
	value float64
}

// An Outcome is what one sample changed.
type Outcome uint8

// The outcomes of [Detector.Step].
const (
	None      Outcome = iota // no event is suspected, before and after
	Suspected                // the rule fires for the first time
	Holding                  // the rule still fires
	Confirmed                // the rule has fired for its hold time: this is an event
	Dismissed                // the rule no longer fires: the suspicion was no event
)

// String returns the outcome in a word.
func (o Outcome) String() string {
	return [...]string{"none", "suspected", "holding", "confirmed", "dismissed"}[min(o, Dismissed)]
}

// New returns a detector that has seen no sample, or the error of [Config.Check].
func New(c Config) (*Detector, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	d := &Detector{limit: Limiter{Budget: c.Budget}, rule: c.Rule, pace: PaceOf(c.Rule), interval: c.Interval}
	window, hold := d.size()
	d.ring = newRing(window, hold, cmp.Or(c.warm, warmup))
	d.ring.grace = d.samples(c.Grace)
	return d, nil
}

// samples returns how many samples are taken in a time.
func (d *Detector) samples(t time.Duration) int { return int((t + d.interval - 1) / d.interval) }

// size is the pace in samples.
func (d *Detector) size() (window, hold int) {
	if d.pace.classic {
		return classicRing, 1
	}
	return max(d.samples(d.pace.Window), firstSamples), d.samples(d.pace.Hold) + 1
}

// Change replaces the settings and keeps the samples. With the error of
// [Config.Check] nothing is replaced.
func (d *Detector) Change(c Config) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("detect: %w", err)
	}
	d.rule, d.pace, d.interval, d.limit.Budget = c.Rule, PaceOf(c.Rule), c.Interval, c.Budget
	if window, hold := d.size(); window != d.ring.window || window+hold != d.ring.room {
		d.ring = d.ring.resized(window, hold)
	}
	d.ring.grace = d.samples(c.Grace)
	return nil
}

// Expect says what mean the signal had before the process was restarted, and 0 if that
// is unknown. A known mean shortens the grace to a third of its time, with load or
// without; in the rest of it samples are compared with the mean so far or with this one,
// whichever is higher. It reports whether the grace lasts, because it does nothing when
// that is over.
func (d *Detector) Expect(mean float64) bool {
	d.ring.expected = mean
	return d.ring.young()
}

// Load says whether the process has load as of the next sample. Without a call the
// detector goes by its own samples; see [Idle].
func (d *Detector) Load(has bool) { d.told, d.ring.idle = true, !has }

// Step judges one sample, taken at now. A veto that is not empty is the reason why
// no suspicion may begin, whatever the rule says. Where the pace has no hold, the
// first sample that fires is [Confirmed]. A value that is no finite number is
// skipped, as if the sample were missing.
func (d *Detector) Step(now time.Duration, s Sample, veto string) Outcome {
	if !Finite(s.Value) {
		return None
	}
	out := d.next(now, s, veto)
	if out == Suspected && d.pace.Hold == 0 {
		out = Confirmed
	}
	if out == Confirmed {
		d.report(now, s.Value)
	}
	return out
}

// Look judges one sample that is to be no part of the mean, and begins no suspicion: for
// a time whose values are known not to be normal. Do not call it while an event is
// suspected. A value that is no finite number is skipped.
func (d *Detector) Look(s Sample) {
	if Finite(s.Value) {
		d.judge(s)
	}
}

func (d *Detector) next(now time.Duration, s Sample, veto string) Outcome {
	if d.pace.classic {
		return d.stepClassic(now, s, veto)
	}
	if !d.active {
		d.ring.settle()
	}
	if !d.told {
		d.ring.idle = Idle(s)
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

// stepClassic judges a sample as mosn/holmes does: with the sample in the mean.
func (d *Detector) stepClassic(now time.Duration, s Sample, veto string) Outcome {
	d.ring.push(s.Value)
	if d.ring.Len() < classicRing {
		d.why, d.fires = Reason{Code: codeWarming, Rule: d.why.Rule}, false
		return None
	}
	d.judge(s)
	if !d.fires || veto != "" || now < d.limit.CoolUntil {
		return None
	}
	d.active, d.since = true, now
	return Suspected
}

func (d *Detector) judge(s Sample) { d.why, d.fires = d.rule.Eval(d.ring, s) }

// firesAt reports whether the rule would fire at a value that is higher by more.
func (d *Detector) firesAt(s Sample, more float64) bool {
	s.Value += more
	why, fires := d.rule.Eval(d.ring, s)
	return fires || why.Code == codeAboveMax
}

// mayBegin reports whether a suspicion may begin, whatever the rule says.
func (d *Detector) mayBegin(now time.Duration, v float64, veto string) bool {
	return veto == "" && d.limit.Armed(v, d.pace.Margin) && now >= d.limit.CoolUntil && d.limit.Allows(now, d.why.Code)
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

// lapse ends a suspicion without an event.
func (d *Detector) lapse() {
	d.active = false
	d.ring.settle()
}

// report ends a suspicion with an event, and starts its cool-down.
//
// The samples of the hold join the mean with the next step: until then the
// caller sees the mean and the samples that the event was judged by.
func (d *Detector) report(now time.Duration, v float64) {
	d.active, d.refused = false, Refusal{}
	if d.pace.classic {
		d.limit.CoolUntil = now + d.pace.CoolDown
		return
	}
	d.limit.Report(now, v, d.why.Code)
	d.limit.Cool(now, d.pace.CoolDown)
}

// warmUp collects the first samples. When there are enough for a mean, it judges
// them against the very first ones, so that a fault which began meanwhile is
// suspected instead of raising the mean.
func (d *Detector) warmUp(now time.Duration, s Sample, veto string) Outcome {
	if d.ring.warm != warmup || d.ring.window < warmup || d.ring.grace > 0 {
		return None // it is over, or what began meanwhile may be the load
	}
	d.early = append(d.early, timedValue{now, s.Value})
	if len(d.early) < warmup {
		return None
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
	return None
}

// Active reports whether an event is suspected.
func (d *Detector) Active() bool { return d.active }

// Reason returns why the rule fired at the last sample, or why it did not.
func (d *Detector) Reason() Reason { return d.why }

// Held returns for how long the rule had fired at now. It is valid while an event
// is suspected, and for the step that confirms or dismisses it.
func (d *Detector) Held(now time.Duration) time.Duration { return now - d.since }

// Reach returns over what time the mean was that the last sample was judged
// against.
func (d *Detector) Reach() time.Duration { return time.Duration(d.ring.Len()) * d.interval }

// Samples returns the newest samples, at most that many, oldest first.
func (d *Detector) Samples(most int) []float64 {
	all := d.ring.Append(nil)
	if most = max(most, 0); len(all) <= most {
		return all
	}
	return slices.Clone(all[len(all)-most:])
}

// Drop ends a suspicion without an event. It reports whether there was one.
func (d *Detector) Drop() bool {
	was := d.active
	if was {
		d.lapse()
	}
	return was
}

// rest starts a cool-down without an event, because the other detector of a
// [Pair] has reported one. It reports whether that ended a suspicion.
func (d *Detector) rest(now time.Duration) (was bool) {
	d.limit.CoolUntil = max(d.limit.CoolUntil, now+d.pace.CoolDown)
	return d.Drop()
}

// Refuse says that the last event was not reported. The detector reports the level again
// as the refusal says: when its time is over, or when the signal has calmed down.
func (d *Detector) Refuse(now time.Duration, r Refusal) {
	d.limit.Refuse(now, &r)
	d.refused = r
}

// Armed reports whether the signal has calmed down since the last event.
func (d *Detector) Armed() bool { return !d.limit.Fired }

// Calm reports whether the rule did not fire for the last sample, and the signal has
// calmed down since the last event.
func (d *Detector) Calm() bool { return !d.fires && !d.active && !d.limit.Fired }

// Preempt counts an event that the caller has begun by itself, at a value and for a
// reason code, as an event of the detector: with its edge, cool-down and budget.
func (d *Detector) Preempt(now time.Duration, v float64, code string) {
	d.refused = Refusal{}
	d.limit.Report(now, v, code)
	d.limit.Cool(now, d.pace.CoolDown)
}
