package holmes

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/monitor"
	"github.com/go-holmes/holmes/internal/pproftext"
)

// WithCPUDump sets the rule of [SignalCPU] in percent of the cores that the process may
// use. It fires above abs, and at diff percent above the mean, but never below min. See
// [Threshold]. Window, hold and margin are those of the default rule; [WithRule] sets
// them too. Default 10, 25, 70, 1 minute.
func WithCPUDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithCPUDump", SignalCPU, min, diff, abs, 0, coolDown)
}

// WithMemDump sets the rule of [SignalMem] in percent of the limit; see
// [WithCPUDump]. Default 10, 25, 80, 1 minute.
func WithMemDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithMemDump", SignalMem, min, diff, abs, 0, coolDown)
}

// WithGCHeapDump sets the rule of [SignalGCHeap] in percent of the limit; see
// [WithCPUDump]. Default 10, 20, 40, 1 minute.
func WithGCHeapDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithGCHeapDump", SignalGCHeap, min, diff, abs, 0, coolDown)
}

// WithThreadDump sets the rule of [SignalThread] in threads; diff is percent.
// Default 10, 25, 70, 1 hour.
func WithThreadDump(min, diff, abs int, coolDown time.Duration) Option {
	return dumpRule("WithThreadDump", SignalThread, min, diff, abs, 0, coolDown)
}

// WithGoroutineDump sets the rule of [SignalGoroutine] in goroutines; diff is
// percent. From max goroutines on it never fires; 0 is no maximum.
// Default 3000, 20, 200000, 0, 10 minutes.
func WithGoroutineDump(min int, diff int, abs int, max int, coolDown time.Duration) Option {
	return dumpRule("WithGoroutineDump", SignalGoroutine, min, diff, abs, max, coolDown)
}

// WithGCCPUDump sets the rule of [SignalGCCPU] in percent of the CPU time in
// use; see [WithCPUDump]. It does not turn the signal on, as [Holmes.Enable]
// does. Default 20, 25, 40, 1 minute.
func WithGCCPUDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithGCCPUDump", SignalGCCPU, min, diff, abs, 0, coolDown)
}

// WithSchedLatDump sets the rule of [SignalSchedLat] in milliseconds; diff is
// percent. It does not turn the signal on, as [Holmes.Enable] does. Default 10,
// 100, 50, 1 minute.
func WithSchedLatDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithSchedLatDump", SignalSchedLat, min, diff, abs, 0, coolDown)
}

// WithMutexWaitDump sets the rule of [SignalMutexWait] in seconds waited a
// second; diff is percent. It does not turn the signal on, as [Holmes.Enable]
// does. Default 1, 100, 10, 1 minute.
func WithMutexWaitDump(min int, diff int, abs int, coolDown time.Duration) Option {
	return dumpRule("WithMutexWaitDump", SignalMutexWait, min, diff, abs, 0, coolDown)
}

func dumpRule(name string, s Signal, minimum, diff, abs, maximum int, coolDown time.Duration) Option {
	return option{name, func(c *config) error {
		row, _ := rowOf(s)
		t, _ := row.Rule.(Threshold) // the window, hold and margin of the default
		t.Min, t.Diff, t.Abs, t.Max, t.CoolDown = float64(minimum), float64(diff), float64(abs), float64(maximum), coolDown
		if err := t.Check(); err != nil {
			return err
		}
		c.change(s, func(set *monitor.Signal) {
			set.Rule, set.Slow = t, row.Slow
			set.Slow.Min = t.Min
		})
		return nil
	}}
}

// WithCPUMax begins no event while CPU is at or above max percent. 0, the default, is no
// maximum.
func WithCPUMax(max int) Option {
	return option{"WithCPUMax", func(c *config) error {
		c.monitor.CPUMax = float64(max)
		return notNegative("max", max)
	}}
}

// WithCPUSamplingTime sets the least duration of a CPU, mutex or block profile, as a
// [time.ParseDuration] string from "100ms" to "60s". A CPU profile begins with the
// second suspicious reading, the others with the first. All last until the event is
// confirmed, if that is later. Default "5s".
func WithCPUSamplingTime(duration string) Option {
	return option{"WithCPUSamplingTime", func(c *config) error {
		d, err := parseDuration(duration, 100*time.Millisecond)
		if err != nil {
			return err
		}
		if d > capture.MaxRecording {
			return fmt.Errorf("%q: must be at most %v", duration, capture.MaxRecording)
		}
		c.capture.Sampling = d
		return nil
	}}
}

// WithDumpPath sets the directory that events are written to. If it does not exist, it
// is created with mode 0700. In a directory that other users can write to or own, such
// as /tmp and most volumes of containers, holmes uses the private directory
// holmes-<user id>. A symbolic link that others can exchange is refused, and so is a
// private directory of another user; package dump has the rules. Where the path cannot
// be used, Start logs why, [Stats] has the error, and events go to the reporters from
// memory. Default holmes-<user id> in [os.TempDir].
func WithDumpPath(dumpPath string) Option {
	return option{"WithDumpPath", func(c *config) error {
		if dumpPath == "" {
			return errors.New(`path "": must not be empty`)
		}
		c.store.Path, c.store.Private = dumpPath, false
		return nil
	}}
}

// WithMemoryOnly keeps events in memory until the reporters have them, and uses no disk:
// for a container without a volume. It is silent, where a dump path that cannot be used
// is a warning. Events that wait when the process ends are lost, there is no event about
// how a previous run ended, and the baseline of [WithBaseline] and [WithCrashOutput] do
// not reach the next start. The events take at most 32 MiB, and at most 5 % of the
// memory limit and of the memory that is free. Default off.
func WithMemoryOnly(on bool) Option {
	return option{"WithMemoryOnly", func(c *config) error { c.store.MemoryOnly = on; return nil }}
}

// WithBinaryDump writes profiles in the form of pprof only. This is the default.
func WithBinaryDump() Option {
	return option{"WithBinaryDump", func(c *config) error { c.incident.Text = false; return nil }}
}

// WithTextDump writes a text form beside each profile, with the ten largest stacks, or
// all of them with [WithFullStack].
func WithTextDump() Option {
	return option{"WithTextDump", func(c *config) error { c.incident.Text, c.incident.TextForm = true, pproftext.Write; return nil }}
}

// WithFullStack makes the text form hold every stack instead of the ten
// largest. Default false.
func WithFullStack(isFull bool) Option {
	return option{"WithFullStack", func(c *config) error { c.incident.FullStack = isFull; return nil }}
}

// WithDumpToLogger logs the text form of each profile. Default false.
func WithDumpToLogger(on bool) Option {
	return option{"WithDumpToLogger", func(c *config) error { c.incident.ToLogger, c.incident.TextForm = on, pproftext.Write; return nil }}
}

// WithCPUCore sets the number of cores that are 100 % of CPU; it may be a fraction, from
// 0.001 on. 0, the default, is the number that the cgroup and the affinity mask allow. GOMAXPROCS is
// 100 % if it is less.
func WithCPUCore(cpuCore float64) Option {
	return option{"WithCPUCore", func(c *config) error {
		c.measure.Cores = cpuCore
		if cpuCore > 0 && cpuCore < minCores {
			return fmt.Errorf("cores %v: must be at least %v, or 0", cpuCore, minCores)
		}
		return notNegative("cores", cpuCore)
	}}
}

// minCores is the least part of a core that Kubernetes gives.
const minCores = 0.001

// WithGoProcAsCPUCore makes GOMAXPROCS 100 % of CPU, also where the cgroup or the
// affinity mask allows less. Default false.
func WithGoProcAsCPUCore(enabled bool) Option {
	return option{"WithGoProcAsCPUCore", func(c *config) error { c.measure.GOMAXPROCS = enabled; return nil }}
}

// WithMemoryLimit makes limit, in bytes, 100 % of memory, and the anonymous and shared
// memory of the process what is compared with it. 0, the default, compares the memory
// of the cgroup with its limit or, without one, that of the process with the host's.
func WithMemoryLimit(limit uint64) Option {
	return option{"WithMemoryLimit", func(c *config) error { c.measure.MemoryLimit = limit; return nil }}
}

// WithCGroup sets whether the limits of the cgroup are used. Without a cgroup the
// host's are used. Default true, unlike in mosn/holmes.
func WithCGroup(useCGroup bool) Option {
	return option{"WithCGroup", func(c *config) error { c.measure.CGroup = useCGroup; return nil }}
}

// WithShrinkThread ends idle threads when there have been more than threshold threads
// for the time of delay, and again an hour later at the earliest. The runtime keeps a
// thread that it has created, but ends it when a goroutine that is locked to it
// returns. Default off.
func WithShrinkThread(threshold int, delay time.Duration) Option {
	return option{"WithShrinkThread", func(c *config) error {
		c.monitor.Shrink = monitor.Shrink{Enabled: true, Threshold: threshold, Delay: delay}
		if err := positive("threshold", threshold); err != nil {
			return err
		}
		return notNegative("delay", delay)
	}}
}
