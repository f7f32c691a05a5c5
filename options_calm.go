package holmes

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/incident"
)

// WithContinuous captures an event of the reason "continuous" once in every period,
// independent of the signals, and passes it to the reporters like any other, for
// example for a collector that compares versions. Its CPU profile, and every other
// kind that is recorded, is of the given duration. The default kinds are cpu, heap and
// goroutine.
//
// Each event is at a random moment of its period, so that the instances of a service
// do not profile at the same time. The heap profile is taken once, without a forced
// collection. If other code is using the CPU profiler, the event has the other kinds
// and says why. On disk these events make room for all others. They are logged at
// debug level.
//
// every is at least 10 s and more than duration; 0 and 0 turn it off, which is the
// default. The cost is that of the profiles: a CPU profile takes about 1 % of the CPU
// time in use.
func WithContinuous(every, duration time.Duration, kinds ...Kind) Option {
	return option{"WithContinuous", func(c *config) error {
		if every == 0 && duration == 0 && len(kinds) == 0 {
			c.continuous = nil
			return nil
		}
		t := &incident.Timetable{Every: every, Takes: duration, Kinds: kinds}
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
	kinds, err := capture.CheckKinds(t.Kinds)
	t.Kinds = kinds
	return err
}

// WithBaseline sets the period of the baseline: a CPU profile of one second, a heap
// profile and a goroutine profile, while all signals are calm. An event is compared
// with the baseline and names the function that is responsible for the difference;
// without a baseline it names candidates. 0 turns it off. Default 5 minutes.
//
// The first round is some 10 seconds after Start. The time to the next doubles until it
// is the period. Each is moved by up to a quarter at random, so that the instances of a
// service do not profile at the same time. Rounds take at most a thousandth of a core:
// a round that costs more delays the next one. There is no round while a signal is
// suspected or cooling down, and for 10 minutes after an event. The baseline takes up
// to 2.5 MiB of memory, usually a tenth of that, and is kept in the dump path for the
// next start of the same build.
func WithBaseline(every time.Duration) Option {
	return option{"WithBaseline", func(c *config) error {
		c.baseline = every
		if every != 0 && every < minPeriod {
			return fmt.Errorf("every %v: must be at least %v, or 0 to turn it off", every, minPeriod)
		}
		return nil
	}}
}

// A RecorderMode is when the flight recorder of package runtime/trace is armed; see
// [WithFlightRecorder].
type RecorderMode int

// The modes of the flight recorder.
const (
	// RecorderOnSuspicion arms it from the second suspicious sample of a signal with
	// traces until the verdict.
	RecorderOnSuspicion RecorderMode = iota
	// RecorderOff never arms it.
	RecorderOff
	// RecorderAlways keeps it armed, so that a trace reaches back to before
	// the suspicion.
	RecorderAlways
)
