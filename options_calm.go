package holmes

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/incident"
)

// WithContinuous takes an event of reason "continuous" once in every period,
// whatever the signals say, and gives it to the reporters like any other: for
// those who want to compare versions, or keep what is normal, in a collector.
// Its CPU profile, and all else that lasts, is of duration. No kind means cpu,
// heap and goroutine.
//
// Each is taken at a random moment of its period, so that the instances of a
// service do not profile at the same time. The heap is taken once, without a
// forced collection. Where another holds the CPU profiler, the event says so and
// has the other kinds. On disk these events make room for all others, and they
// are logged at debug level.
//
// Every is at least 10 s and more than duration; 0 and 0 turn it off, which is
// the default. What it costs is what the profiles cost: a CPU profile about
// 1 % of the CPU time in use while it is taken.
func WithContinuous(every, duration time.Duration, kinds ...Kind) Option {
	return option{"WithContinuous", func(c *config) error {
		if every == 0 && duration == 0 && len(kinds) == 0 {
			c.continuous = nil
			return nil
		}
		t := &incident.Timetable{Every: every, Takes: duration, Kinds: slices.Clone(kinds)}
		if len(kinds) == 0 {
			t.Kinds = []Kind{KindCPU, KindHeap, KindGoroutine}
		}
		c.continuous = t
		return checkTimetable(t)
	}}
}

const minPeriod = 10 * time.Second

func checkTimetable(t *incident.Timetable) error {
	switch {
	case t.Every < minPeriod:
		return fmt.Errorf("every %v: must be at least %v, or 0 with a duration of 0 to turn it off", t.Every, minPeriod)
	case t.Takes <= 0 || t.Takes >= t.Every:
		return fmt.Errorf("duration %v: must be above 0 and below every, which is %v", t.Takes, t.Every)
	}
	return capture.CheckKinds(t.Kinds)
}

// WithBaseline sets how often holmes looks at what is normal: a CPU profile of
// one second, a heap and a goroutine profile, while all signals are calm. Events
// are compared with it, and name who is to blame for the difference; without it
// they name candidates. 0 turns it off. Default 5 minutes.
//
// The first round is some 10 seconds after Start, the next follow after twice
// the time each, up to that of the option. All are moved by up to a quarter at
// random, so that the instances of a service do not profile at the same time.
// They take at most a thousandth of a core: one that costs more puts off the
// next. There is none while a signal is suspicious or cooling down, nor for 10
// minutes after an event. What is normal takes up to 2.5 MiB of memory, as a rule
// a tenth of that, and is kept in the dump path for the next start of the same
// build.
func WithBaseline(every time.Duration) Option {
	return option{"WithBaseline", func(c *config) error {
		c.baseline = every
		if every != 0 && every < minPeriod {
			return fmt.Errorf("every %v: must be at least %v, or 0 to turn it off", every, minPeriod)
		}
		return nil
	}}
}

// A RecorderMode says when the flight recorder of package runtime/trace runs;
// see [WithFlightRecorder].
type RecorderMode int

// The modes of the flight recorder.
const (
	// RecorderOnSuspicion arms it with the second suspicious sample of a signal
	// that wants a trace, and puts it away with the verdict.
	RecorderOnSuspicion RecorderMode = iota
	// RecorderOff never arms it.
	RecorderOff
	// RecorderAlways keeps it armed, so that a trace reaches back to before
	// the suspicion.
	RecorderAlways
)
