package detect

import "time"

const (
	// slowInterval is the time from one sample of a slow rule to the next.
	slowInterval = time.Minute
	// slowWarm is how many of them a mean needs to be compared with: an hour, because
	// some processes take a quarter of an hour to fill their caches.
	slowWarm = 60
)

// A Pair is the two detectors of one signal: Fast judges every sample, Slow the
// mean of each minute. Call [Pair.Change] before any other method. Like its
// detectors, a Pair is not safe for concurrent use.
type Pair struct {
	Fast *Detector
	Slow *Detector // nil without a slow rule

	// The samples of the present minute.
	since time.Duration
	sum   float64
	n     int
}

// Change replaces the settings and keeps the samples. The slow detector reports
// [CodeSlow] where slow would report [CodeDiff]; without a Diff there is none. It
// reports whether a suspicion ended because the slow rule was removed. The error is
// that of [Config.Check].
func (p *Pair) Change(fast Config, slow Threshold) (dropped bool, err error) {
	if err := change(&p.Fast, fast); err != nil {
		return false, err
	}
	if slow.Diff <= 0 {
		dropped = p.Slow != nil && p.Slow.Drop()
		p.Slow = nil
		return dropped, nil
	}
	return false, change(&p.Slow, Config{Rule: &slowRule{slow}, Interval: slowInterval, Budget: fast.Budget, warm: slowWarm})
}

// change makes a detector, or replaces the settings of the one that there is.
func change(d **Detector, c Config) (err error) {
	if *d != nil {
		return (*d).Change(c)
	}
	*d, err = New(c)
	return err
}

// Step passes s to judge with the fast detector and, once a minute, the mean with
// the slow one. judge calls [Detector.Step] and, where that confirms an event,
// [Pair.Rest].
func (p *Pair) Step(now time.Duration, s Sample, judge func(d *Detector, s Sample)) {
	if !Finite(s.Value) {
		return
	}
	judge(p.Fast, s)
	if p.Slow == nil {
		return
	}
	if p.since == 0 {
		p.since = now
	}
	p.sum += s.Value
	p.n++
	if now-p.since < slowInterval {
		return
	}
	s.Value = p.sum / float64(p.n)
	p.since, p.sum, p.n = now, 0, 0
	judge(p.Slow, s)
}

// Rest starts the cool-down of the other detector, so that it does not report the
// same event. It reports whether that ended a suspicion of the other detector.
func (p *Pair) Rest(now time.Duration, reporting *Detector) (dropped bool) {
	other := p.Slow
	if reporting == p.Slow {
		other = p.Fast
	}
	return other != nil && other.rest(now)
}
