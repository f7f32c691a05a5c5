package holmes

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/monitor"
	"github.com/go-holmes/holmes/internal/supervise"
)

// An Option is a setting for [New] and [Holmes.Set]. If an option is repeated, the last
// one counts, unless its doc says that repeats add.
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

// WithCollectInterval sets the time between two readings, as a [time.ParseDuration]
// string of at least "10ms". Default "1s".
//
// A reading is kept for the window of its rule and takes 8 bytes. With the default
// windows that is 25 KB for the default signals, and 2.5 MB at "10ms".
func WithCollectInterval(interval string) Option {
	return option{"WithCollectInterval", func(c *config) (err error) {
		d, err := parseDuration(interval, minInterval)
		if err == nil {
			c.monitor.Interval = d
		}
		return err
	}}
}

// WithRule sets the rule of a signal, built-in or from [WithSource]. It does not change
// the slow rule of mem and goroutine; see [WithSlowRules].
func WithRule(s Signal, r Rule) Option {
	return option{"WithRule", func(c *config) error {
		r, err := checked(r)
		if err != nil {
			return fmt.Errorf("signal %s: %w", s, err)
		}
		if !c.change(s, func(set *monitor.Signal) { set.Rule = r }) {
			return unknown(s)
		}
		return nil
	}}
}

// WithEnabled turns signals on, as [Holmes.Enable] does. Repeats add.
func WithEnabled(signals ...Signal) Option { return enabled("WithEnabled", true, signals) }

// WithDisabled turns signals off, as [Holmes.Disable] does. Repeats add.
func WithDisabled(signals ...Signal) Option { return enabled("WithDisabled", false, signals) }

func enabled(name string, on bool, signals []Signal) Option {
	return option{name, func(c *config) error {
		for _, s := range signals {
			if !c.change(s, func(set *monitor.Signal) { set.Enabled = on }) {
				return unknown(s)
			}
		}
		return nil
	}}
}

func unknown(s Signal) error {
	return fmt.Errorf("signal %q is unknown: add it with WithSource first", s)
}

// WithSource adds a signal of your own, which is judged by r and whose events have
// profiles of the given kinds, each once, by default cpu, heap and goroutine. Repeats add; for the
// same signal, a repeat replaces the source.
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
		kinds, err := capture.CheckKinds(kinds)
		if err != nil {
			return fmt.Errorf("signal %s: %w", name, err)
		}
		if _, again := c.monitor.Signals[name]; !again {
			c.monitor.Order = append(c.monitor.Order, name)
		}
		c.monitor.Signals[name] = monitor.Signal{Enabled: true, Rule: r, Kinds: kinds, Source: monitor.NewSource(src)}
		return nil
	}}
}

// WithClassicRules judges every [Threshold] as mosn/holmes does: in integers, over ten
// readings with the current one in the mean, without a hold or a margin, with an event
// whenever the rule fires outside of the cool-down. It is for comparison: a service
// with bursts fires it again and again.
func WithClassicRules() Option {
	return option{"WithClassicRules", func(c *config) error { c.monitor.Classic = true; return nil }}
}

// WithSlowRules turns the slow rules of mem and goroutine on or off. They judge one
// sample a minute over 6 hours, which finds a leak of 0.1 % a minute. Default on.
func WithSlowRules(on bool) Option {
	return option{"WithSlowRules", func(c *config) error { c.monitor.Slow = on; return nil }}
}

// WithDailyBudget sets how many events a signal may have in 24 hours. The first event
// of each reason code is always allowed. All processes of a service with the same dump
// path share the budget. Their events within 10 minutes of a start, and those about
// previous runs, share one more of the same size, so that a process that crashes again
// and again makes no more. Without a dump path that can be used, each start may have 3
// events in its first 10 minutes, and a forecast. Default 10.
func WithDailyBudget(events int) Option {
	return option{"WithDailyBudget", func(c *config) error {
		c.monitor.Budget = events
		return positive("events", events)
	}}
}

// WithGrace sets for how long after Start no reading is compared with the mean of its
// signal, because a process that has just been started is idle before it gets its load.
// Absolute thresholds, the forecast and the memory watcher judge from the first second.
//
// The grace lasts until the process has had load for a third of that time, too: the
// traffic of a standby or of a blue-green rollout may begin later. A process has load
// while it uses 0.02 cores or 10 % of what it may use. One that has none for 40 times the
// grace, by default two hours, is idle for good, and is compared with that. While the cpu
// signal is off, each signal shows by itself whether there is load; those from
// [WithSource] have a grace of the time alone.
//
// A baseline that an earlier run has kept (see [WithBaseline]) shortens the grace to a
// third, with load or without: in the rest of it readings are compared with the mean of
// the earlier run, if that is higher. Until the process has had load for four times the
// window of the rule, the mean is over the last quarter of that time; so a cache that is
// being filled is no anomaly. The slow rules judge after an hour, whatever the grace. 0 is
// no grace: means are compared from ten readings on, which suits a test that causes a
// fault at once. Default 3 minutes.
func WithGrace(most time.Duration) Option {
	return option{"WithGrace", func(c *config) error {
		c.monitor.Grace = most
		return notNegative("most", most)
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

// WithLogger sets the logger for the messages of holmes; nil discards them. Default
// [log/slog.Default]. A fault that lasts is logged when it begins and when it ends, any
// other at most once in five minutes; events of [WithContinuous] are logged at debug
// level.
func WithLogger(l Logger) Option {
	return option{"WithLogger", func(c *config) error {
		if c.logger = l; l == nil {
			c.logger = silence{}
		}
		return nil
	}}
}

// WithLabels adds labels to every event. They replace default labels of the same name:
// service, instance, version and, if they are known, namespace, node and revision, and
// attributes of OTEL_RESOURCE_ATTRIBUTES (docs/options.md). An empty value removes a
// label. Repeats add. An event has at most 64 labels, and 1 KiB of a name or a value.
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

// WithLabelFunc adds the labels that f returns, which is called for each event. They
// replace all other labels of the same name. f must not block: after 1 s the event goes
// without them. nil removes the function.
func WithLabelFunc(f func() map[string]string) Option {
	return option{"WithLabelFunc", func(c *config) error { c.incident.LabelFunc = f; return nil }}
}

// WithModule adds modules, by their paths, whose code is the application's own, as the
// main module's is: a diagnosis names the application's functions only. The path of a
// package, or the beginning of one at a slash, does as well. Repeats add.
//
// The main module, the modules of a workspace, and dependencies of the main module's
// organisation (github.com/acme for github.com/acme/shop) are known without it. Where the
// build has no modules, as with Bazel, every package is the application's own that is not
// from an external repository and has a dot in the first element of its path.
func WithModule(paths ...string) Option {
	return option{"WithModule", func(c *config) error {
		if slices.Contains(paths, "") {
			return errors.New("a path is empty")
		}
		c.incident.Own.Own = slices.Concat(c.incident.Own.Own, paths)
		c.incident.Own.ByFile = false
		return nil
	}}
}

// WithDumpLimits sets how many events and bytes the dump path may hold, those of other
// processes included. Dismissed events are removed first, then the oldest that every
// reporter has, and waiting events last. Black boxes and texts of crashes count too, and
// have at most a quarter of the bytes. Default 100 events and 256 MiB.
func WithDumpLimits(events int, bytes int64) Option {
	return option{"WithDumpLimits", func(c *config) error {
		c.store.Events, c.store.Bytes = events, bytes
		if err := positive("events", events); err != nil {
			return err
		}
		return positive("bytes", bytes)
	}}
}

// WithCaptureBudget limits the cost of one capture: its CPU time, and its memory in
// bytes. holmes estimates the cost from the number of goroutines and of allocation
// sites, and from the captures of the last minutes. A profile that would cost more is
// not taken, and its note says why. Instead of a goroutine profile the event has the
// number of goroutines by state and by starting function, and instead of a heap profile
// its largest sites. Default 2 s and 256 MiB, which is enough for about 250 000 goroutines.
func WithCaptureBudget(cpu time.Duration, bytes int64) Option {
	return option{"WithCaptureBudget", func(c *config) error {
		c.capture.CPUTime, c.capture.Bytes = cpu, uint64(max(bytes, 0))
		if err := positive("CPU time", cpu); err != nil {
			return err
		}
		return positive("bytes", bytes)
	}}
}

// WithMemoryWatch turns the memory watcher on or off. It reads memory after every
// collection and, while memory grows, up to a hundred times a second. It begins an
// event with a heap profile before the kernel kills the process: when memory is above
// the absolute threshold of the mem signal, when the limit will be reached within 250
// ms, or when the heap may outgrow it before the next collection. Such an event has no
// hold. Default on, while the mem signal is on.
func WithMemoryWatch(on bool) Option {
	return option{"WithMemoryWatch", func(c *config) error { c.monitor.WatchMemory = on; return nil }}
}

// WithCrashOutput keeps the text that the runtime writes when a panic or a fatal error
// ends the process, for the event about that run after the next Start. It replaces an
// output that the application has set by [runtime/debug.SetCrashOutput], because the
// runtime has only one. It takes effect with Start. Default off.
func WithCrashOutput(on bool) Option {
	return option{"WithCrashOutput", func(c *config) error { c.incident.CrashOutput = on; return nil }}
}

// WithFlightRecorder sets when the flight recorder of package runtime/trace is armed,
// for the signals with traces: by default cpu and goroutine. The runtime has only one:
// while it is armed, the application cannot start its own, and while the application
// has one, events have no trace and say why. The recorder stands down when it writes
// more than 4 MB a second, which is about 5 % of two cores, or has been armed for a
// tenth of the last hour; the latter does not apply to [RecorderAlways]. Turn it off in
// a bubble of testing/synctest, where the runtime cannot start a trace. Default
// [RecorderOnSuspicion].
func WithFlightRecorder(mode RecorderMode) Option {
	return option{"WithFlightRecorder", func(c *config) error {
		c.capture.Recorder = capture.RecorderMode(mode)
		if mode < RecorderOnSuspicion || mode > RecorderAlways {
			return fmt.Errorf("mode %d is unknown", mode)
		}
		return nil
	}}
}

// WithForcedGC allows an event with a heap profile to force a garbage collection, at
// most once a minute, if fewer than two have finished since it began: a heap profile
// does not show what was allocated after the last one. Default on.
func WithForcedGC(on bool) Option {
	return option{"WithForcedGC", func(c *config) error { c.capture.ForceGC = on; return nil }}
}

// WithBlockProfile adds a block profile to every event with a mutex profile, and allows
// [KindBlock] for [WithSource], [WithContinuous] and [Holmes.CaptureNow]. The profile
// has one record for each time of that length that goroutines were blocked, as in
// [runtime.SetBlockProfileRate]; a few microseconds are enough. The rate is set for the
// time of an event and is 0 afterwards, because the runtime does not return the
// previous rate. So do not use it in an application that sets the rate itself. 0, the
// default, is no block profile.
func WithBlockProfile(each time.Duration) Option {
	return option{"WithBlockProfile", func(c *config) error {
		c.capture.Block = each
		return notNegative("each", each)
	}}
}

// WithWallClockStacks gives the events of a signal up to ten goroutine profiles over a
// second instead of one, if CPU was below cpuBelow percent when the event was
// suspected: a service that is slow without computing is waiting, and a series shows
// for what. With more than about 10 000 goroutines an event has one profile anyway. 0
// is never, above 100 always. Default 50 for [SignalSchedLat], 0 for others. The signal
// must have goroutine profiles.
func WithWallClockStacks(s Signal, cpuBelow int) Option {
	return option{"WithWallClockStacks", func(c *config) error {
		has := false
		known := c.change(s, func(set *monitor.Signal) {
			has = slices.Contains(set.Kinds, KindGoroutine)
			set.Stacks = float64(cpuBelow)
		})
		switch {
		case !known:
			return unknown(s)
		case !has:
			return fmt.Errorf("signal %s has no goroutine profiles", s)
		}
		return notNegative("cpuBelow", cpuBelow)
	}}
}

// checked returns the rule with its defaults, or an error if it is nil or wrong.
func checked(r Rule) (Rule, error) {
	switch r := r.(type) {
	case nil:
		return nil, errors.New("rule is nil")
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
		return "", errors.New("source is nil")
	}
	if err := supervise.Protect(func() error { name = src.Signal(); return nil }); err != nil {
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
