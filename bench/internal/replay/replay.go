// Package replay judges recorded series by the rules of holmes: the detectors
// that judge readings in a service, with warm-up, hold, edge, back-off and budget,
// at the times of the samples.
package replay

import (
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
)

// A Config is the rules that judge a series.
type Config struct {
	// Rule judges every sample, Slow the mean of each minute. Slow is off where
	// its Diff is 0.
	Rule, Slow holmes.Threshold
	Interval   time.Duration // from one sample to the next
	// Classic is [holmes.WithClassicRules].
	Classic bool
	// Budget is [holmes.WithDailyBudget].
	Budget int
}

// Default returns the default rules of a signal.
func Default(signal holmes.Signal, interval time.Duration) Config {
	c := Config{Interval: interval, Budget: 10}
	c.Rule, c.Slow = holmes.DefaultRule(signal)
	return c
}

// A Capture is an event that was confirmed, in indices of the series.
type Capture struct {
	// Suspected is the first suspicious sample, Confirmed the one at the end of the
	// hold.
	Suspected, Confirmed int
	// Code is why; see [holmes.Reason].
	Code string
}

// Run judges a series.
func (c Config) Run(values []float64) []Capture {
	r := run{interval: c.Interval}
	rule := holmes.Rule(c.Rule)
	if c.Classic {
		rule = detect.Classic(c.Rule)
	}
	r.fast = detect.New(detect.Config{Rule: rule, Pace: detect.PaceOf(rule), Interval: c.Interval, Budget: c.Budget})
	if c.Slow.Diff > 0 && !c.Classic {
		r.slow = detect.New(detect.Config{Rule: detect.Slow(c.Slow), Pace: c.Slow.Pace(), Interval: time.Minute, Budget: c.Budget})
	}
	for i, v := range values {
		r.index = i
		r.judge(r.fast, v, r.slow)
		if r.slow != nil {
			r.addToMinute(v)
		}
	}
	return r.captures
}

// A run is the state of a signal's detectors.
type run struct {
	interval   time.Duration
	fast, slow *detect.Detector

	index    int           // of the sample
	since    time.Duration // of the minute
	sum      float64
	n        int
	captures []Capture
}

func (r *run) now() time.Duration { return time.Duration(r.index+1) * r.interval }

// addToMinute gives the slow detector the mean of a minute when it is over.
func (r *run) addToMinute(v float64) {
	if r.since == 0 {
		r.since = r.now()
	}
	r.sum += v
	r.n++
	if r.now()-r.since >= time.Minute {
		r.judge(r.slow, r.sum/float64(r.n), r.fast)
		r.since, r.sum, r.n = r.now(), 0, 0
	}
}

// judge passes a value to one detector. What that confirms, the other does not
// report again.
func (r *run) judge(d *detect.Detector, v float64, other *detect.Detector) {
	if d.Step(r.now(), holmes.Sample{Value: v, Limit: 100}, "") != detect.Confirmed {
		return
	}
	held := int(d.Held(r.now()) / r.interval)
	r.captures = append(r.captures, Capture{r.index - held, r.index, d.Reason().Code})
	if other != nil {
		other.Rest(r.now())
	}
}
