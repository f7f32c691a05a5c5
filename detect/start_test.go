package detect_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A scene is one signal of a process that has been started, with nothing wrong.
type scene struct {
	name   string
	signal detect.Signal
	fault  float64 // what is added by a fault
	// start returns the values of one start, by its age in seconds.
	start func(r *rand.Rand) func(second float64) float64
}

// scenes are starts in the numbers of a usual service. Readiness, levels, the speed of a
// rise and the noise differ from start to start.
var scenes = []scene{
	{"CPU: idle, then traffic", holmes.SignalCPU, 30, func(r *rand.Rand) func(float64) float64 {
		ready, level := between(r, 10, 60), between(r, 18, 26)
		return bursty(r, func(s float64) float64 { return step(s, ready, 0.5, level) })
	}},
	{"CPU: start-up work, idle, then traffic", holmes.SignalCPU, 30, func(r *rand.Rand) func(float64) float64 {
		work, ready, level := between(r, 5, 45), between(r, 60, 100), between(r, 18, 26)
		return bursty(r, func(s float64) float64 {
			if s < work {
				return 55
			}
			return step(s, ready, 0.5, level)
		})
	}},
	{"CPU: traffic grows over 10 minutes", holmes.SignalCPU, 30, func(r *rand.Rand) func(float64) float64 {
		level := between(r, 30, 45)
		return bursty(r, func(s float64) float64 { return rise(s, 600, 1, level) })
	}},
	{"memory: a cache is filled in 3 minutes", holmes.SignalMem, 20, filled(180, 2, 35)},
	{"memory: a cache is filled in 15 minutes", holmes.SignalMem, 20, filled(900, 2, 35)},
	{"live heap: a cache is filled in 15 minutes", holmes.SignalGCHeap, 20, filled(900, 1, 30)},
	{"threads: first traffic", holmes.SignalThread, 12, func(r *rand.Rand) func(float64) float64 {
		ready, level := between(r, 10, 60), float64(18+r.IntN(8))
		return func(s float64) float64 { return step(s, ready, 6, level) + float64(r.IntN(3)) }
	}},
	{"threads: one by one over 10 minutes", holmes.SignalThread, 12, func(r *rand.Rand) func(float64) float64 {
		level := between(r, 18, 26)
		return func(s float64) float64 { return float64(int(rise(s, 600, 6, level))) + float64(r.IntN(3)) }
	}},
	{"goroutines: first traffic", holmes.SignalGoroutine, 4000, func(r *rand.Rand) func(float64) float64 {
		ready, level := between(r, 10, 60), between(r, 4000, 6000)
		return noisy(r, 0.03, func(s float64) float64 { return step(s, ready, 10, level) })
	}},
	{"goroutines: connections arrive over 15 minutes", holmes.SignalGoroutine, 4000, func(r *rand.Rand) func(float64) float64 {
		level := between(r, 4000, 6000)
		return noisy(r, 0.02, func(s float64) float64 { return rise(s, 900, 10, level) })
	}},
}

// filled is memory that rises to a level and then stays, with the saw-tooth of the
// garbage collector.
func filled(seconds, from, to float64) func(r *rand.Rand) func(float64) float64 {
	return func(r *rand.Rand) func(float64) float64 {
		length, level, period := seconds*between(r, 0.8, 1.2), to*between(r, 0.8, 1.2), 5+r.IntN(30)
		return func(s float64) float64 {
			v := rise(s, length, from, level)
			return v * (1 + 0.1*float64(int(s)%period)/float64(period))
		}
	}
}

func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

func step(s, at, before, after float64) float64 {
	if s < at {
		return before
	}
	return after
}

// rise goes evenly from one level to another one, from second 20 on.
func rise(s, length, low, high float64) float64 {
	return low + (high-low)*min(max(s-20, 0)/length, 1)
}

func noisy(r *rand.Rand, part float64, f func(float64) float64) func(float64) float64 {
	return func(s float64) float64 { return f(s) * (1 + part*r.NormFloat64()) }
}

// bursty adds noise of a tenth, and bursts that are shorter than the hold.
func bursty(r *rand.Rand, f func(float64) float64) func(float64) float64 {
	until := 0.0
	return noisy(r, 0.1, func(s float64) float64 {
		v := f(s)
		if v > 5 && s > until+30 && r.IntN(60) == 0 {
			until = s + between(r, 1, 8)
		}
		if s < until {
			v += 25
		}
		return v
	})
}

// A found is an event that was confirmed.
type found struct {
	suspected, confirmed time.Duration
	code                 string
}

// judged returns the events of a signal in a time after the start, by its default rules.
func judged(t *testing.T, signal detect.Signal, grace, length time.Duration, expect float64, value func(second float64) float64) (out []found) {
	t.Helper()
	rule, slow := holmes.DefaultRule(signal)
	var pair detect.Pair
	_, err := pair.Change(detect.Config{Rule: rule, Interval: time.Second, Budget: 10, Grace: grace}, slow)
	require.NoError(t, err)
	for now := time.Second; now <= length; now += time.Second {
		pair.Fast.Expect(expect)
		pair.Step(now, detect.Sample{Signal: signal, Value: value(now.Seconds())}, func(d *detect.Detector, s detect.Sample) {
			if d.Step(now, s, "") == detect.Confirmed {
				out = append(out, found{now - d.Held(now), now, d.Reason().Code})
				pair.Rest(now, d)
			}
		})
	}
	return out
}

// starts is how often each scene starts, at least 20 times.
func starts() int { return testkit.Heavy(100, 40) }

// A start is no anomaly: at most one start in twenty has an event in its first quarter of
// an hour, or when the slow rule begins to judge. Without the grace more than half have.
func TestStartsAreNoAnomalies(t *testing.T) {
	count := func(sc scene, grace time.Duration) (events int) {
		for i := range starts() {
			length := 15 * time.Minute
			if i < starts()/10 && grace > 0 {
				length *= 5
			}
			r := rand.New(rand.NewPCG(uint64(i), 18))
			events += len(judged(t, sc.signal, grace, length, 0, sc.start(r)))
		}
		return events
	}
	without := 0
	for _, sc := range scenes {
		n, was := count(sc, detect.DefaultGrace), count(sc, 0)
		t.Logf("%-50s %.2f events a start, %.2f without the grace", sc.name, float64(n)/float64(starts()), float64(was)/float64(starts()))
		require.LessOrEqual(t, n, starts()/20, sc.name)
		without += was
	}
	require.Greater(t, without, len(scenes)*starts()/2, "the scenes show nothing")
}

// Without load a process is not normal yet, however long: one that waits until another one
// fails, or until a rollout gives it the traffic.
var waits = []float64{170, 200, 600, 1800}

// late returns a scene whose process has waited before it begins, in the state of its first
// second.
func (sc scene) late(wait float64) scene {
	start := sc.start
	sc.start = func(r *rand.Rand) func(float64) float64 {
		value := start(r)
		idle := value(1)
		if sc.signal == holmes.SignalCPU {
			idle = 0.5
		}
		return func(s float64) float64 {
			if s <= wait {
				return idle
			}
			return value(s - wait)
		}
	}
	return sc
}

// Load that begins late is no anomaly, and a fault of a minute after 3 minutes of it is.
func TestLateLoadIsNoAnomaly(t *testing.T) {
	faults := testkit.Heavy(50, 20)
	for _, sc := range scenes {
		n, found := 0, 0
		for i := range starts() {
			wait := waits[i%len(waits)]
			length := time.Duration(wait)*time.Second + 15*time.Minute
			n += len(judged(t, sc.signal, detect.DefaultGrace, length, 0, sc.late(wait).start(rand.New(rand.NewPCG(uint64(i), 20)))))
		}
		for i := range faults {
			wait := waits[i%len(waits)]
			value, begin := sc.late(wait).start(rand.New(rand.NewPCG(uint64(i), 21))), wait+100+180+float64(i%30)
			found += len(judged(t, sc.signal, detect.DefaultGrace, time.Duration(begin)*time.Second+2*time.Minute, 0, func(s float64) float64 {
				if s >= begin && s < begin+60 {
					return value(s) + sc.fault
				}
				return value(s)
			}))
		}
		t.Logf("%-50s %.2f events a start, %d of %d faults", sc.name, float64(n)/float64(starts()), found, faults)
		require.LessOrEqual(t, n, starts()/20, sc.name)
		require.Equal(t, faults, found, sc.name)
	}
}

// The load that is expected is no anomaly, whenever it begins, and more than that is one
// at once.
func TestExpectedLoadMayBeginLate(t *testing.T) {
	for _, wait := range waits {
		load := func(level float64) []found {
			return judged(t, holmes.SignalCPU, detect.DefaultGrace, time.Hour, 22, func(s float64) float64 { return step(s, wait, 0.5, level) })
		}
		require.Empty(t, load(24), wait)
		got := load(50)
		require.Len(t, got, 1, wait)
		require.InDelta(t, wait, got[0].suspected.Seconds(), 1)
	}
}

// A process that never has load is normal as it is after two hours, and a fault is found
// in it from then on. An absolute threshold has found it before.
func TestIdleForGood(t *testing.T) {
	for at, code := range map[time.Duration]string{
		time.Hour: "", 119 * time.Minute: "", 121 * time.Minute: detect.CodeDiff, 3 * time.Hour: detect.CodeDiff,
	} {
		got := judged(t, holmes.SignalCPU, detect.DefaultGrace, 4*time.Hour, 0, func(s float64) float64 { return step(s, at.Seconds(), 0.5, 50) })
		require.Equal(t, code != "", len(got) == 1, at)
		got = judged(t, holmes.SignalCPU, detect.DefaultGrace, 4*time.Hour, 0, func(s float64) float64 { return step(s, at.Seconds(), 0.5, 90) })
		require.Len(t, got, 1, at)
		require.Equal(t, at, got[0].suspected)
		require.Equal(t, detect.CodeAbs, got[0].code)
	}
}

// A change of the window or of the grace begins no new grace.
func TestChangeKeepsTheAge(t *testing.T) {
	rule := detect.Threshold{Diff: 25, Margin: 5, Window: 10 * time.Second}
	c := detect.Config{Rule: rule, Interval: time.Second, Budget: 1, Grace: 10 * time.Minute}
	d, err := detect.New(c)
	require.NoError(t, err)
	for now := time.Second; now <= time.Minute; now += time.Second {
		require.True(t, d.View().Young, now)
		if now == 50*time.Second {
			rule.Window *= 2
			c.Rule, c.Grace = rule, time.Minute
			require.NoError(t, d.Change(c))
		}
		require.Equal(t, detect.None, d.Step(now, detect.Sample{Signal: holmes.SignalCPU, Value: 20}, ""))
	}
	require.False(t, d.View().Young)
}

// What the caller knows of the load counts: threads are compared with their mean in a
// process with load, however few they are, and not in one without.
func TestLoadThatTheCallerKnows(t *testing.T) {
	for _, load := range []bool{true, false} {
		d, err := detect.New(detect.Config{Rule: detect.Threshold{Min: 10, Diff: 25, Margin: 5}, Interval: time.Second, Budget: 1, Grace: time.Minute})
		require.NoError(t, err)
		s := detect.Sample{Signal: holmes.SignalThread, Value: 6}
		for now := time.Second; now <= 10*time.Minute; now += time.Second {
			d.Load(load)
			require.Equal(t, detect.None, d.Step(now, s, ""))
		}
		why := d.View().WhyNot(s, 10*time.Minute, "")
		require.Equal(t, !load, d.View().Young)
		s.Value = 30
		got := d.Step(601*time.Second, s, "")
		require.Equal(t, load, got == detect.Confirmed, why)
		if !load {
			require.Equal(t, "threads 30: not compared with its mean before the process has had load for 20 s more", d.View().WhyNot(s, 601*time.Second, ""))
		}
	}
}

// Idle goes by cores where their number is known, and by 10 % in the smallest containers.
func TestIdle(t *testing.T) {
	for _, tt := range []struct {
		signal       detect.Signal
		value, limit float64
		idle         bool
	}{
		{holmes.SignalCPU, 0.5, 0, true},
		{holmes.SignalCPU, 1, 0, false},
		{holmes.SignalCPU, 0.9, 2, true},
		{holmes.SignalCPU, 0.9, 64, false},
		{holmes.SignalCPU, 9, 0.1, true},
		{holmes.SignalCPU, 10, 0.1, false},
		{holmes.SignalMem, 2, 1 << 30, true},
		{holmes.SignalGCHeap, 3, 1 << 30, false},
		{holmes.SignalThread, 8, 0, true},
		{holmes.SignalGoroutine, 60, 0, true},
		{holmes.SignalGoroutine, 100, 0, false},
		{"queue", 0, 0, false},
	} {
		require.Equal(t, tt.idle, detect.Idle(detect.Sample{Signal: tt.signal, Value: tt.value, Limit: tt.limit}), "%+v", tt)
	}
}

// A fault of a minute that begins right after the grace is found in every scene.
func TestFaultsAfterTheGraceAreFound(t *testing.T) {
	for _, sc := range scenes {
		for i := range 50 {
			r := rand.New(rand.NewPCG(uint64(i), 19))
			value, begin := sc.start(r), detect.DefaultGrace.Seconds()+float64(i%30)
			got := judged(t, sc.signal, detect.DefaultGrace, detect.DefaultGrace+2*time.Minute, 0, func(s float64) float64 {
				if s >= begin && s < begin+60 {
					return value(s) + sc.fault
				}
				return value(s)
			})
			require.Len(t, got, 1, "%s, %d", sc.name, i)
			require.GreaterOrEqual(t, got[0].suspected.Seconds(), begin-8, "%s, %d: but for a burst", sc.name, i)
		}
	}
}

// What an absolute threshold finds is found from the first second, and a maximum
// holds.
func TestGraceDoesNotDelayAbs(t *testing.T) {
	for signal, value := range map[detect.Signal]float64{
		holmes.SignalCPU: 95, holmes.SignalMem: 85, holmes.SignalGCHeap: 50, holmes.SignalThread: 80, holmes.SignalGoroutine: 250_000,
	} {
		got := judged(t, signal, detect.DefaultGrace, time.Minute, 0, func(float64) float64 { return value })
		require.Len(t, got, 1, signal)
		require.Equal(t, time.Second, got[0].suspected, signal)
		require.Equal(t, detect.CodeAbs, got[0].code, signal)
	}
	rule := detect.Threshold{Diff: 25, Max: 60}
	d, err := detect.New(detect.Config{Rule: rule, Interval: time.Second, Budget: 1, Grace: time.Minute})
	require.NoError(t, err)
	s := detect.Sample{Signal: holmes.SignalCPU, Value: 70, Limit: 2}
	require.Equal(t, detect.None, d.Step(time.Second, s, ""))
	require.Contains(t, d.View().WhyNot(s, time.Second, ""), "at or above max")
	s.Value = 20
	require.Equal(t, detect.None, d.Step(time.Second, s, ""))
	require.Equal(t, "CPU 20 %: not compared with its mean for 58 s more after the start", d.View().WhyNot(s, time.Second, ""))
}

// A mean that is known from before the restart shortens the grace to a third, and what
// is normal is then no idle process.
func TestKnownMeanShortensTheGrace(t *testing.T) {
	fault := func(s float64) float64 { return step(s, 65, 22, 50) }
	require.Empty(t, judged(t, holmes.SignalCPU, detect.DefaultGrace, 3*time.Minute, 0, fault))
	got := judged(t, holmes.SignalCPU, detect.DefaultGrace, 3*time.Minute, 22, fault)
	require.Len(t, got, 1)
	require.Equal(t, 65*time.Second, got[0].suspected)

	lateTraffic := func(s float64) float64 { return step(s, 90, 0.5, 24) }
	require.Empty(t, judged(t, holmes.SignalCPU, detect.DefaultGrace, time.Hour, 22, lateTraffic))
}

// An hour of samples is what the slow rule needs.
func TestSlowRuleNeedsAnHour(t *testing.T) {
	leak := func(s float64) float64 { return 12 + s/60*0.4 }
	got := judged(t, holmes.SignalMem, detect.DefaultGrace, 3*time.Hour, 0, leak)
	require.NotEmpty(t, got)
	require.Equal(t, detect.CodeSlow, got[0].code)
	require.InDelta(t, 61, got[0].suspected.Minutes(), 1)
}
