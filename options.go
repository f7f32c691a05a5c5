package holmes

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/monitor"
	"github.com/go-holmes/holmes/internal/supervise"
)

// An Option changes how holmes works. The same options go to [New] and, while
// it runs, to [Holmes.Set]; none of them blocks. Unless its doc says that
// repeats add, the last one counts.
type Option interface {
	apply(c *config) error
}

// option is the only Option: a name for the error, and the change.
type option struct {
	name string
	set  func(*config) error
}

func (o option) apply(c *config) error {
	if err := o.set(c); err != nil {
		return fmt.Errorf("holmes: %s: %w", o.name, err)
	}
	return nil
}

// WithCollectInterval sets the time between two readings, as a
// [time.ParseDuration] string of at least "10ms". Default "1s".
//
// A reading is kept for the window of its rule and takes 8 bytes: at the
// default of both that is 25 KB for the signals that are on, at "10ms" 2.5 MB.
func WithCollectInterval(interval string) Option {
	return option{"WithCollectInterval", func(c *config) (err error) {
		d, err := parseDuration(interval, minInterval)
		if err == nil {
			c.monitor.Interval = d
		}
		return err
	}}
}

// WithRule sets the rule of a signal, built-in or from [WithSource]. The slow
// rule of mem and goroutine stays; see [WithSlowRules].
func WithRule(s Signal, r Rule) Option {
	return option{"WithRule", func(c *config) error {
		r, err := checked(r)
		if err != nil {
			return fmt.Errorf("signal %s: %w", s, err)
		}
		if !c.change(s, func(set *monitor.Signal) { set.Rule = r }) {
			return fmt.Errorf("signal %q is unknown: give WithSource first", s)
		}
		return nil
	}}
}

// WithSource adds a signal of your own, judged by r, whose events hold the
// kinds of profile given (none: cpu, heap and goroutine). Repeats add; the same
// signal again replaces its source.
func WithSource(src Source, r Rule, kinds ...Kind) Option {
	return option{"WithSource", func(c *config) error {
		name, err := sourceName(src)
		if err != nil {
			return err
		}
		r, err := checked(r)
		if err != nil {
			return fmt.Errorf("signal %s: %w", name, err)
		}
		if len(kinds) == 0 {
			kinds = []Kind{KindCPU, KindHeap, KindGoroutine}
		}
		if err := capture.CheckKinds(kinds); err != nil {
			return fmt.Errorf("signal %s: %w", name, err)
		}
		if _, again := c.monitor.Signals[name]; !again {
			c.monitor.Order = append(c.monitor.Order, name)
		}
		c.monitor.Signals[name] = monitor.Signal{Enabled: true, Rule: r, Kinds: slices.Clone(kinds), Source: monitor.NewSource(src)}
		return nil
	}}
}

// WithClassicRules judges every [Threshold] as mosn/holmes does: whole
// numbers, a ring of ten readings with the current one in the mean, no hold, no
// margin, an event whenever the rule holds outside of the cool-down. It is for
// comparing: a bursty service fires it again and again.
func WithClassicRules() Option {
	return option{"WithClassicRules", func(c *config) error { c.monitor.Classic = true; return nil }}
}

// WithSlowRules turns the slow rules of mem and goroutine on or off: a second
// ring of one sample a minute over 6 hours, which finds a leak of 0.1 % a
// minute. Default on.
func WithSlowRules(on bool) Option {
	return option{"WithSlowRules", func(c *config) error { c.monitor.Slow = on; return nil }}
}

// WithDailyBudget sets how many events a signal may report in 24 hours; the
// first of each reason always passes. Default 10.
func WithDailyBudget(events int) Option {
	return option{"WithDailyBudget", func(c *config) error {
		c.monitor.Budget = events
		return positive("events", events)
	}}
}

// WithReporter adds a reporter. Repeats add. A nil reporter is ignored.
func WithReporter(r Reporter) Option {
	return option{"WithReporter", func(c *config) error {
		if r != nil {
			c.delivery.Add(r)
		}
		return nil
	}}
}

// WithLogger sets where holmes's own messages go; nil is silence. Default
// slog.Default().
func WithLogger(l Logger) Option {
	return option{"WithLogger", func(c *config) error {
		if c.logger = l; l == nil {
			c.logger = silence{}
		}
		return nil
	}}
}

// WithLabels adds labels to every event, over the default ones (service,
// instance, version and where they are known namespace, node, revision). An
// empty value removes a label. Repeats add.
func WithLabels(labels map[string]string) Option {
	return option{"WithLabels", func(c *config) error {
		for k, v := range labels {
			if k == "" {
				return fmt.Errorf("label %q=%q has no name", k, v)
			}
			if v == "" {
				delete(c.incident.Labels, k)
				continue
			}
			c.incident.Labels[k] = v
		}
		return nil
	}}
}

// WithLabelFunc adds labels that are asked for at each event, over all others.
// It must not block: an event waits 1 s for it, then goes without. nil takes it
// back.
func WithLabelFunc(f func() map[string]string) Option {
	return option{"WithLabelFunc", func(c *config) error { c.incident.LabelFunc = f; return nil }}
}

// WithDumpLimits sets how many events and bytes the dump path may hold, those of
// other processes included; dismissed events go first, then the oldest that
// every reporter has, and last those that wait. Default 100 events and 256 MiB.
func WithDumpLimits(events int, bytes int64) Option {
	return option{"WithDumpLimits", func(c *config) error {
		c.store.Events, c.store.Bytes = events, bytes
		if err := positive("events", events); err != nil {
			return err
		}
		return positive("bytes", bytes)
	}}
}

// WithCaptureBudget bounds what one capture may cost, by a prediction from the
// number of goroutines and of places that allocate: CPU time, and memory while
// it is taken, in bytes. A goroutine profile that would cost more is replaced
// by counts of states and of the functions that goroutines were started with;
// the event says why. Default 2 s and 256 MiB, which is about 250 000
// goroutines.
func WithCaptureBudget(cpu time.Duration, bytes int64) Option {
	return option{"WithCaptureBudget", func(c *config) error {
		c.capture.CPUTime, c.capture.Bytes = cpu, uint64(max(bytes, 0))
		if err := positive("CPU time", cpu); err != nil {
			return err
		}
		return positive("bytes", bytes)
	}}
}

// WithMemoryWatch turns the memory watcher on or off. It looks at memory after
// every collection and, when memory grows, up to a hundred times a second, and
// begins an event with a heap profile before the kernel kills: over the
// absolute threshold of the mem signal, when the limit will be reached within
// 250 ms, or when the heap may outgrow it before the next collection. Such an
// event skips the hold. Default: on, with the mem signal.
func WithMemoryWatch(on bool) Option {
	return option{"WithMemoryWatch", func(c *config) error { c.monitor.WatchMemory = on; return nil }}
}

// WithCrashOutput keeps the text that the runtime writes when it ends the
// process, of a panic that nobody recovered or of a fatal error, and puts it
// into the event that the next run begins with. It uses the one output that
// [runtime/debug.SetCrashOutput] sets: an application that has set its own loses
// it. It takes effect with Start. Default off.
func WithCrashOutput(on bool) Option {
	return option{"WithCrashOutput", func(c *config) error { c.incident.CrashOutput = on; return nil }}
}

// WithFlightRecorder says when the flight recorder of package runtime/trace is
// armed, for the signals that want a trace: by default cpu and goroutine. There
// is one in a process: while it is armed, one of the application's own cannot
// start, and while the application has one, events say why there is no trace.
// It stands down when it writes more than 4 MB a second, which is about 5 % of
// two cores, or was armed for a tenth of the last hour; the latter does not
// count with [RecorderAlways]. Turn it off in a bubble of testing/synctest, where
// the runtime cannot start a trace. Default [RecorderOnSuspicion].
func WithFlightRecorder(mode RecorderMode) Option {
	return option{"WithFlightRecorder", func(c *config) error {
		c.capture.Recorder = capture.RecorderMode(mode)
		if mode < RecorderOnSuspicion || mode > RecorderAlways {
			return fmt.Errorf("mode %d is unknown", mode)
		}
		return nil
	}}
}

// WithForcedGC lets a heap event collect garbage once (at most once a minute)
// when no collection has finished by itself since the event began: a heap
// profile shows nothing that was allocated after the last one. Default on.
func WithForcedGC(on bool) Option {
	return option{"WithForcedGC", func(c *config) error { c.capture.ForceGC = on; return nil }}
}

// WithBlockProfile adds a block profile to every event that has a mutex
// profile, and lets [WithSource] ask for one: one record for each so much time
// that goroutines wait for anything, as in [runtime.SetBlockProfileRate]. A
// few microseconds show most of it. The rate is set when an event is suspected
// and 0 afterwards, because the runtime does not tell what it was before: not
// for an application that sets it itself. 0, the default, is no block profile.
func WithBlockProfile(each time.Duration) Option {
	return option{"WithBlockProfile", func(c *config) error {
		c.capture.Block = each
		return notNegative("each", each)
	}}
}

// WithWallClockStacks lets an event of a signal have up to ten goroutine
// profiles over a second instead of one, where CPU was below cpuBelow percent
// when it was suspected: what is slow without computing is waiting, and several
// looks tell what it goes on waiting for. With more than about 10 000 goroutines
// it is one all the same. 0 is never, above 100 always. Default 50 for
// [SignalSchedLat], 0 for others. The signal must have goroutine profiles.
func WithWallClockStacks(s Signal, cpuBelow int) Option {
	return option{"WithWallClockStacks", func(c *config) error {
		has := false
		known := c.change(s, func(set *monitor.Signal) {
			has = slices.Contains(set.Kinds, KindGoroutine)
			set.Stacks = float64(cpuBelow)
		})
		switch {
		case !known:
			return fmt.Errorf("signal %q is unknown: give WithSource first", s)
		case !has:
			return fmt.Errorf("signal %s has no goroutine profiles", s)
		}
		return notNegative("cpuBelow", cpuBelow)
	}}
}

// checked returns the rule with its defaults, and refuses one that could never
// be judged.
func checked(r Rule) (Rule, error) {
	switch r := r.(type) {
	case nil:
		return nil, errNilRule
	case Threshold:
		if r.Window == 0 {
			r.Window = DefaultPace().Window
		}
		return r, r.Check()
	default:
		return r, nil
	}
}

func sourceName(src Source) (name Signal, err error) {
	if src == nil {
		return "", errNilSource
	}
	g := supervise.NewBreaker(supervise.SystemClock())
	if err := g.Call(func() error { name = src.Signal(); return nil }); err != nil {
		return "", fmt.Errorf("source's Signal: %w", err)
	}
	if !name.Valid() {
		return "", fmt.Errorf("signal name %q: must be 1 to 40 of a-z, 0-9, '-' and '_'", name)
	}
	if _, builtin := rowOf(name); builtin {
		return "", fmt.Errorf("signal name %q is a built-in one", name)
	}
	return name, nil
}
