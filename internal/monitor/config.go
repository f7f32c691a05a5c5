package monitor

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Config is the options about signals. It is not changed once it is in use.
type Config struct {
	Interval    time.Duration
	Signals     map[detect.Signal]Signal
	Order       []detect.Signal
	Classic     bool // every Threshold is judged as mosn/holmes does
	Slow        bool // the slow rules are on
	Budget      int  // events a day and signal
	Grace       time.Duration
	CPUMax      float64
	Paused      time.Duration // mono until when no event begins
	WatchMemory bool
	Shrink      Shrink
	Measure     measure.Config
}

// A Signal is one signal's settings.
type Signal struct {
	Enabled bool
	Rule    detect.Rule
	Slow    detect.Threshold // on one sample a minute; Diff is 0 where there is none
	Kinds   []event.Kind
	Context []event.Kind // taken at the verdict, for the diagnosis
	Stacks  float64      // CPU percent below which an event has wall-clock stacks

	// Read is set for a built-in signal, Source for a user's signal.
	Read   func(*measure.Meter, *measure.Config) (value, limit float64, err error)
	Source *Source
}

// Check returns an error that names the signal whose rule cannot be applied.
func (c *Config) Check() error {
	for _, name := range c.Order {
		if err := c.detector(c.Signals[name].Rule).Check(); err != nil {
			return fmt.Errorf("rule of %s at WithCollectInterval(%v): %w", name, c.Interval, err)
		}
	}
	return nil
}

func (c *Config) detector(r detect.Rule) detect.Config {
	return detect.Config{Rule: c.applied(r), Interval: c.Interval, Budget: c.Budget, Grace: c.Grace}
}

// applied returns the rule as the detector gets it: a user's rule is called through
// a circuit breaker.
func (c *Config) applied(r detect.Rule) detect.Rule {
	switch t, own := r.(detect.Threshold); {
	case own && c.Classic:
		return detect.Classic(t)
	case own:
		return t
	default:
		return &guardedRule{r, supervise.NewBreaker(supervise.SystemClock())}
	}
}

func (c *Config) pace(r detect.Rule) detect.Pace { return detect.PaceOf(c.applied(r)) }

func (c *Config) wantsMutex() bool {
	for _, s := range c.Signals {
		if s.Enabled && slices.Contains(s.Kinds, event.KindMutex) {
			return true
		}
	}
	return false
}

// A guardedRule calls a user's rule through a circuit breaker.
type guardedRule struct {
	detect.Rule
	breaker *supervise.Breaker
}

// Pace returns the pace of the user's rule, which may have a method Pace.
func (r *guardedRule) Pace() (p detect.Pace) {
	p = detect.DefaultPace()
	_ = r.breaker.Call(func() error { p = detect.PaceOf(r.Rule); return nil }) // it panics: the default
	return p
}

// Eval implements detect.Rule.
func (r *guardedRule) Eval(before *detect.Ring, s detect.Sample) (why detect.Reason, fires bool) {
	err := r.breaker.Call(func() error { why, fires = r.Rule.Eval(before, s); return nil })
	if err != nil {
		return detect.Reason{Code: "error", Text: "the rule " + err.Error()}, false
	}
	return why, fires
}
