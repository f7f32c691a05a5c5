package holmes_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

func uniform(seed uint64, low, high float64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func() float64 { return low + r.Float64()*(high-low) }
}

// A steady service is left alone: 20 minutes of 1 s ticks at the defaults.
func TestSteadyServiceHasNoEvent(t *testing.T) {
	for name, load := range map[string]func() float64{
		"flat":        func() float64 { return 2 },
		"idle":        func() float64 { return 0 },
		"0 to 3":      uniform(1, 0, 3),
		"30 to 50":    uniform(2, 30, 50),
		"flat at 60":  func() float64 { return 60 },
		"noisy at 20": uniform(3, 15, 25),
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t).run(t)
			l.host.CPU(load)
			seconds(20 * 60)
			require.Empty(t, l.got.all())
			require.EqualValues(t, 20*60, l.Stats().Ticks)
		})
	}
}

// A step of 40 points for 60 s is one event, and its CPU profile begins within
// two ticks of the step.
func TestStepIsOneEvent(t *testing.T) {
	for name, base := range map[string]func() float64{
		"from flat 5":   func() float64 { return 5 },
		"from flat 30":  func() float64 { return 30 },
		"from 20 to 30": uniform(4, 20, 30),
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t).run(t)
			l.host.CPU(base)
			seconds(5*60 + 0)
			step := time.Now()
			l.host.CPU(func() float64 { return base() + 40 })
			seconds(60)
			l.host.CPU(base)
			seconds(20 * 60)

			e := l.event(t)
			require.Equal(t, holmes.StateConfirmed, e.State)
			require.Equal(t, holmes.SignalCPU, e.Trigger.Sample.Signal)
			require.Equal(t, holmes.CodeDiff, e.Trigger.Reason.Code)
			require.Equal(t, 15*time.Second, e.Trigger.Held)
			require.InDelta(t, 70, e.Trigger.Sample.Value, 40)
			require.WithinDuration(t, step.Add(time.Second), e.At, 0, "the first suspicious sample")

			cpu := e.Profile(holmes.KindCPU)
			require.NotNil(t, cpu)
			require.WithinDuration(t, step, cpu.Start, 2*time.Second)
			require.GreaterOrEqual(t, cpu.Duration, 13*time.Second)
		})
	}
}

// A step that stays is one event too: the new level becomes normal.
func TestStepThatStaysIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		l.host.CPU(func() float64 { return 20 })
		seconds(300)
		l.host.CPU(func() float64 { return 60 })
		seconds(3 * 3600)
		require.Len(t, l.got.all(), 1)
	})
}

// A spike that is shorter than the hold is a near miss: counted, kept, never
// reported.
func TestShortSpikeIsDismissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(7)
		require.Equal(t, "suspected", l.Stats().Signals[0].State)
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "held 6 s of 15 s")
		l.host.CPU(func() float64 { return 2 })
		seconds(60)
		require.Empty(t, l.got.all())
		s := l.Stats().Signals[0]
		require.EqualValues(t, 1, s.Suspected)
		require.EqualValues(t, 1, s.Dismissed)
		require.Equal(t, 1, l.Stats().Dump.Events, "the evidence of a near miss stays for a while")
	})
}

// A slow leak of 0.1 % a minute is found by the slow rule, long before the fast
// one would see anything.
func TestSlowLeakIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCollectInterval("10s")).run(t)
		const gib = 1 << 30
		for minute := range 6 * 60 {
			percent := 30 + 0.1*float64(max(0, minute-60))
			l.host.Memory(uint64(percent / 100 * gib))
			seconds(60)
		}
		synctest.Wait()
		events := l.got.all() // and again when it has risen further
		require.NotEmpty(t, events)
		require.LessOrEqual(t, len(events), 3)
		require.Equal(t, holmes.CodeSlow, events[0].Trigger.Reason.Code)
		require.Equal(t, 10*time.Minute, events[0].Trigger.Held)
		require.Contains(t, events[0].Trigger.Sentence(), "3.2-hour mean", "of six hours, as far as there are any")
	})
}

// WithSlowRules(false) turns the slow rules off.
func TestSlowRulesOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCollectInterval("10s"), holmes.WithSlowRules(false)).run(t)
		for minute := range 6 * 60 {
			percent := 30 + 0.1*float64(max(0, minute-60))
			l.host.Memory(uint64(percent / 100 * (1 << 30)))
			seconds(60)
		}
		require.Empty(t, l.got.all())
	})
}

// Repeats back off, and a day has a budget. It is used up after three hours.
func TestRepeatsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		for range testkit.Heavy(24, 4) * 30 { // hours of 20 s at 95 % every two minutes
			l.host.CPU(func() float64 { return 20 })
			seconds(100)
			l.host.CPU(func() float64 { return 95 })
			seconds(20)
		}
		synctest.Wait()
		events := l.got.all()
		require.Len(t, events, 10, "the day's budget")
		for i := 1; i < len(events); i++ {
			gap := events[i].At.Sub(events[i-1].At)
			require.GreaterOrEqual(t, gap, time.Minute<<min(i-1, 5), "event %d", i)
			require.LessOrEqual(t, gap, time.Minute<<min(i-1, 5)+4*time.Minute, "event %d: and no longer than that", i)
		}
	})
}

// The window of an event is what the mean is over and what was held; with many
// readings a second it is the newest of them.
func TestWindowOfAnEvent(t *testing.T) {
	for _, c := range []struct {
		interval string
		want     int
	}{
		{"1s", 600 + 15 + 1},
		{"100ms", 1000},
	} {
		testkit.Bubble(t, c.interval, func(t *testing.T) {
			l := newLab(t, holmes.WithCollectInterval(c.interval)).run(t)
			l.host.CPU(func() float64 { return 20 })
			seconds(700)
			l.host.CPU(func() float64 { return 60 })
			seconds(30)
			e := l.got.all()[0]
			window := e.Trigger.Window
			require.Len(t, window, c.want)
			require.InDelta(t, 60, window[len(window)-1], 1e-6, "its own is the last")
			require.InDelta(t, 20, window[0], 1e-6)
			require.InDelta(t, 20, e.Trigger.Baseline, 1e-6)
			require.Equal(t, 10*time.Minute, e.Trigger.BaselineOver)
		})
	}
}

// A memory spike during a CPU profile is an event at once.
func TestMemorySpikeDuringCPUProfileIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCPUSamplingTime("60s")).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(17)
		l.host.Memory(900 << 20) // while the profile has 45 s to go
		seconds(20)
		events := l.got.all()
		require.Len(t, events, 1, "the memory event does not wait for the CPU profile")
		require.Equal(t, holmes.SignalMem, events[0].Trigger.Sample.Signal)
		seconds(60)
		require.Len(t, l.got.all(), 2)
	})
}

// A step during the warm-up is an event, in the first run and after a restart.
func TestStepDuringWarmUpIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		for restart := range 2 {
			require.NoError(t, l.Start())
			l.host.CPU(func() float64 { return 15 })
			seconds(5)
			require.Contains(t, l.WhyNot(holmes.SignalCPU), "warming up, 5 of 10 samples", "run %d", restart)
			// In the middle of the warm-up, and higher by the margin after the restart.
			l.host.CPU(func() float64 { return float64(58 + 11*restart) })
			seconds(30)
			l.Stop()
			require.Len(t, l.got.all(), restart+1)
			e := l.got.all()[restart]
			require.Equal(t, holmes.CodeDiff, e.Trigger.Reason.Code)
			require.InDelta(t, 15, e.Trigger.Baseline, 0.1)
			l.host.CPU(func() float64 { return 15 })
			seconds(60) // the cool-down, which goes on
		}
	})
}

// The state of a signal that is off is that, and not the one of a signal that waits for
// its first reading.
func TestStateOfASignalThatIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithDisabled(holmes.SignalThread)).run(t)
		seconds(20)
		for _, s := range l.Stats().Signals {
			require.Equal(t, s.Enabled, s.State != "disabled", s.Signal)
		}
		l.Disable(holmes.SignalCPU)
		seconds(2)
		require.Equal(t, "disabled", l.Stats().Signals[0].State)
	})
}
