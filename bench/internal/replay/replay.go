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
	Signal     holmes.Signal // of the samples; any other one has load at once
	Interval   time.Duration // from one sample to the next
	// Classic is [holmes.WithClassicRules].
	Classic bool
	// Budget is [holmes.WithDailyBudget], Grace [holmes.WithGrace].
	Budget int
	Grace  time.Duration
}

// Default returns the default rules of a signal.
func Default(signal holmes.Signal, interval time.Duration) Config {
	c := Config{Signal: signal, Interval: interval, Budget: 10, Grace: detect.DefaultGrace}
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
	rule, slow := holmes.Rule(c.Rule), c.Slow
	if c.Classic {
		rule, slow = detect.Classic(c.Rule), holmes.Threshold{}
	}
	var pair detect.Pair
	if _, err := pair.Change(detect.Config{Rule: rule, Interval: c.Interval, Budget: c.Budget, Grace: c.Grace}, slow); err != nil {
		panic(err) // the rules are constants
	}
	var captures []Capture
	for i, v := range values {
		now := time.Duration(i+1) * c.Interval
		pair.Step(now, holmes.Sample{Signal: c.Signal, Value: v}, func(d *detect.Detector, s holmes.Sample) {
			if d.Step(now, s, "") != detect.Confirmed {
				return
			}
			captures = append(captures, Capture{i - int(d.Held(now)/c.Interval), i, d.Reason().Code})
			pair.Rest(now, d)
		})
	}
	return captures
}
