package holmes

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/brakes"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/monitor"
)

// A config is all that options set, with a part for each package. It is copied for
// every change and not changed once it is in use, so readers need no lock.
type config struct {
	measure  measure.Config
	store    eventstore.Config
	capture  capture.Config
	delivery delivery.Config
	incident incident.Config
	monitor  monitor.Config

	continuous *incident.Timetable // nil is none
	baseline   time.Duration       // 0 is none
	logger     Logger
	labelsCut  bool // there were too many or too long ones
	off        bool // Start starts nothing
	env        environment
}

// An environment is what to say of the environment variables.
type environment struct {
	attributes error    // why OTEL_RESOURCE_ATTRIBUTES is ignored
	unknown    []string // names that FromEnv does not know
	dumpPath   bool     // HOLMES_DUMP_PATH is set
	collector  bool     // HOLMES_COLLECTOR is set
}

const minInterval = 10 * time.Millisecond

func defaultConfig() *config {
	c := &config{
		measure:  measure.Config{CGroup: true},
		store:    eventstore.Config{Path: os.TempDir(), Private: true, Events: 100, Bytes: 256 << 20, Age: dump.DefaultMaxAge},
		capture:  capture.Config{Sampling: 5 * time.Second, CPUTime: 2 * time.Second, Bytes: 256 << 20, ForceGC: true},
		monitor:  monitor.Config{Interval: time.Second, Signals: map[Signal]monitor.Signal{}, Slow: true, Budget: 10, Grace: detect.DefaultGrace, WatchMemory: true},
		baseline: 5 * time.Minute,
		logger:   &slogLogger{slog.Default},
	}
	c.incident.Own = incident.OwnCode()
	c.incident.Labels, c.env.attributes = incident.DefaultLabels()
	for _, row := range builtin {
		c.monitor.Signals[row.name] = row.Signal
		c.monitor.Order = append(c.monitor.Order, row.name)
	}
	return c
}

// with returns a copy with the options applied, and the errors of all wrong options.
func (c *config) with(opts []Option) (*config, error) {
	next := *c
	next.monitor.Signals = maps.Clone(c.monitor.Signals)
	next.monitor.Order = slices.Clone(c.monitor.Order)
	next.incident.Labels = maps.Clone(c.incident.Labels)
	next.delivery = c.delivery.Clone()
	var errs []error
	for i, o := range opts {
		if o == nil {
			errs = append(errs, fmt.Errorf("holmes: option %d is nil", i+1))
			continue
		}
		errs = append(errs, o.apply(&next))
	}
	errs = append(errs, next.validate())
	next.share()
	return &next, errors.Join(errs...)
}

// share copies settings to the other packages that need them.
func (c *config) share() {
	c.monitor.Measure = c.measure
	c.labelsCut = incident.Bound(c.incident.Labels) || c.labelsCut
	c.incident.Store, c.incident.Compare, c.incident.Tick = c.store, c.baseline > 0, c.monitor.Interval
}

// brakes returns the settings of the brakes. The rules of mosn/holmes have no budget.
func (c *config) brakes() brakes.Config {
	out := brakes.Config{Store: c.store, Budget: c.monitor.Budget}
	if c.monitor.Classic {
		out.Budget = 0
	}
	return out
}

// validate checks settings that depend on each other.
func (c *config) validate() error {
	if c.continuous != nil {
		if err := c.capture.CheckBlock(c.continuous.Kinds); err != nil {
			return fmt.Errorf("holmes: WithContinuous: %w", err)
		}
	}
	for _, name := range c.monitor.Order {
		if err := c.capture.CheckBlock(c.monitor.Signals[name].Kinds); err != nil {
			return fmt.Errorf("holmes: signal %s: %w", name, err)
		}
	}
	if err := c.monitor.Check(); err != nil {
		return fmt.Errorf("holmes: %w", err)
	}
	return nil
}

// change applies f to the settings of a signal, and reports whether the signal exists.
func (c *config) change(name Signal, f func(*monitor.Signal)) bool {
	s, ok := c.monitor.Signals[name]
	if ok {
		f(&s)
		c.monitor.Signals[name] = s
	}
	return ok
}

// warnings describes settings that are legal and rarely intended.
func (c *config) warnings() []string {
	var out []string
	if err := c.env.attributes; err != nil {
		out = append(out, err.Error())
	}
	if names := c.env.unknown; len(names) > 0 {
		out = append(out, fmt.Sprintf("FromEnv knows no variable %s", strings.Join(names, ", ")))
	}
	if c.env.dumpPath && c.store.MemoryOnly {
		out = append(out, "HOLMES_DUMP_PATH has no effect: events are in memory only, unless HOLMES_MEMORY_ONLY is false")
	}
	if c.env.collector && !c.delivery.Has("collector") {
		out = append(out, "HOLMES_COLLECTOR has no effect: the program does not have the option reporters.FromEnv")
	}
	if c.labelsCut {
		out = append(out, incident.LabelsCut)
	}
	for _, name := range c.monitor.Order {
		s := c.monitor.Signals[name]
		t, ok := s.Rule.(Threshold)
		percent := name == SignalCPU || name == SignalMem || name == SignalGCHeap
		if ok && percent && t.Abs > 100 && c.measure.Cores == 0 && c.measure.MemoryLimit == 0 {
			out = append(out, fmt.Sprintf("%s: abs %s %% can only be reached when WithCPUCore or WithMemoryLimit is below the real limit", name, humanize.Number(t.Abs)))
		}
		if row, ok := rowOf(name); ok && !row.Enabled && !s.Enabled && s.Rule != row.Rule {
			out = append(out, fmt.Sprintf("%s: its rule is set, but it is off until Enable turns it on", name))
		}
	}
	return out
}

func notNegative[T int | int64 | float64 | time.Duration](what string, v T) error {
	if v < 0 || math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return fmt.Errorf("%s %v: must be a number from 0 on", what, v)
	}
	return nil
}

func positive[T int | int64 | float64 | time.Duration](what string, v T) error {
	if !(v > 0) || math.IsInf(float64(v), 0) {
		return fmt.Errorf("%s %v: must be above 0", what, v)
	}
	return nil
}

func parseDuration(s string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration such as \"5s\" or \"100ms\"", s)
	}
	if d < least {
		return 0, fmt.Errorf("%q: must be at least %v", s, least)
	}
	return d, nil
}
