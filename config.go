package holmes

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/measure"
)

// A config is all that options set. It is copied on every change and never
// written after it is in use, so readers need no lock.
type config struct {
	interval time.Duration
	signals  map[Signal]signalConfig
	order    []Signal // of the lanes
	classic  bool
	slow     bool
	budget   int // events a day and signal
	cpuMax   float64

	measure measure.Config

	store       eventstore.Config
	cpuSampling time.Duration
	text        bool
	fullStack   bool
	toLogger    bool
	forceGC     bool
	blockEach   time.Duration // 0 is no block profile

	recorder   RecorderMode
	continuous *timetable // nil is none
	baseline   time.Duration

	captureTime  time.Duration // CPU time
	captureBytes uint64        // of memory
	watchMemory  bool
	crashOutput  bool

	shrink shrinkConfig

	delivery delivery.Config

	logger    Logger
	labels    map[string]string
	labelFunc func() map[string]string
}

// signalConfig is one signal's settings.
type signalConfig struct {
	enabled bool
	rule    Rule
	slow    Threshold // of the slow ring; its Diff is 0 where there is none
	kinds   []Kind
	stacks  float64      // CPU percent below which there are wall-clock stacks
	source  *sourceEntry // nil for the built-in signals
}

const (
	minInterval = 10 * time.Millisecond
	maxRing     = 100_000 // samples; a ring is memory
)

func defaultConfig() *config {
	c := &config{
		interval:    time.Second,
		signals:     map[Signal]signalConfig{},
		slow:        true,
		budget:      10,
		measure:     measure.Config{CGroup: true},
		store:       eventstore.Config{Path: os.TempDir(), Events: 100, Bytes: 256 << 20, Age: dump.DefaultMaxAge},
		cpuSampling: 5 * time.Second,
		forceGC:     true,

		captureTime: 2 * time.Second, captureBytes: 256 << 20,
		watchMemory: true,
		baseline:    5 * time.Minute,
		logger:      slogLogger{},
		labels:      defaultLabels(),
	}
	for _, row := range builtin {
		c.signals[row.signal] = signalConfig{enabled: !row.off, rule: row.rule, slow: row.slow, kinds: row.kinds, stacks: row.stacks}
		c.order = append(c.order, row.signal)
	}
	return c
}

// with returns a copy that the options are applied to, or the errors of all
// that were wrong.
func (c *config) with(opts []Option) (*config, error) {
	next := *c
	next.signals = maps.Clone(c.signals)
	next.labels = maps.Clone(c.labels)
	next.order = slices.Clone(c.order)
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
	return &next, errors.Join(errs...)
}

// validate checks what no single option can.
func (c *config) validate() error {
	if c.continuous != nil {
		if err := c.checkBlock(c.continuous.kinds); err != nil {
			return fmt.Errorf("holmes: WithContinuous: %w", err)
		}
	}
	for _, name := range c.order {
		if err := c.checkBlock(c.signals[name].kinds); err != nil {
			return fmt.Errorf("holmes: signal %s: %w", name, err)
		}
		p := c.pace(c.signals[name].rule)
		if samples := float64(p.Window+p.Hold) / float64(c.interval); samples > maxRing {
			return fmt.Errorf("holmes: rule of %s: a window of %v and a hold of %v at WithCollectInterval(%v) are %.0f samples: at most %d",
				name, p.Window, p.Hold, c.interval, samples, maxRing)
		}
	}
	return nil
}

// applied returns the rule as it is judged by.
func (c *config) applied(r Rule) Rule {
	if t, ok := r.(Threshold); ok && c.classic {
		return detect.Classic(t)
	}
	return r
}

func (c *config) pace(r Rule) Pace { return detect.PaceOf(c.applied(r)) }

// warnings are settings that are legal and rarely meant.
func (c *config) warnings() []string {
	var out []string
	for _, name := range c.order {
		t, ok := c.signals[name].rule.(Threshold)
		percent := name == SignalCPU || name == SignalMem || name == SignalGCHeap
		if ok && percent && t.Abs > 100 && c.measure.Cores == 0 && c.measure.MemoryLimit == 0 {
			out = append(out, fmt.Sprintf("%s: abs %s %% can only be reached when WithCPUCore or WithMemoryLimit is below the real limit", name, humanize.Number(t.Abs)))
		}
		if row := rowOf(name); row.off && !c.signals[name].enabled && c.signals[name].rule != row.rule {
			out = append(out, fmt.Sprintf("%s: its rule is set, but it is off until Enable turns it on", name))
		}
	}
	return out
}

// These name the value in an error; the option's name goes before it.

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
