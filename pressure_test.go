package holmes_test

import (
	"errors"
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// underPressure is a lab whose runtime says what the test wants.
func underPressure(t *testing.T, opts ...holmes.Option) (*lab, *holmes.Pressure) {
	t.Helper()
	l, s := newLab(t, opts...), &holmes.Pressure{}
	s.Delays = metrics.Float64Histogram{Counts: make([]uint64, 4), Buckets: []float64{math.Inf(-1), 0, 0.001, 0.1, math.Inf(1)}}
	s.Use(l.Holmes)
	l.Enable(holmes.SignalGCCPU, holmes.SignalSchedLat, holmes.SignalMutexWait)
	return l, s
}

// collect lets a collection end: since the one before, the process had cpu
// seconds, was busy for a part of them, and gc of those went into collecting.
func collect(s *holmes.Pressure, cpu, busy, gc float64) {
	s.Set(func(s *holmes.Pressure) { s.Total += cpu; s.Idle += cpu - busy; s.GC += gc })
}

// The runtime brings its account up to date when a collection ends, so most
// readings bring nothing new.
func TestGCCPUBetweenCollections(t *testing.T) {
	procs := float64(runtime.GOMAXPROCS(0))
	type end struct {
		tick             int
		seconds          float64
		busyCPUs, gcCPUs float64
	}
	for name, c := range map[string]struct {
		ends []end
		want map[int]float64 // percent at a tick
	}{
		"none yet":                    {nil, map[int]float64{1: 0, 60: 0}},
		"one a second":                {[]end{{1, 1, 1, 0.3}, {2, 1, 1, 0.3}, {3, 1, 1, 0.6}}, map[int]float64{1: 30, 2: 30, 3: 60}},
		"none for a while":            {[]end{{1, 1, 1, 0.3}}, map[int]float64{1: 30, 2: 30, 3: 15, 4: 10, 11: 3}},
		"one in ten seconds holds":    {[]end{{10, 10, 1, 0.5}, {20, 10, 1, 0.5}}, map[int]float64{9: 0, 10: 50, 15: 50, 20: 50, 30: 50, 40: 25}},
		"a forced one of an idle one": {[]end{{10, 120, 0.001, 0.0009}}, map[int]float64{10: 0.45}},
		"busy below a tenth of cores": {[]end{{1, 1, 0.1, 0.05}}, map[int]float64{1: 25}},
		"never over all":              {[]end{{1, 1, 1, 3}}, map[int]float64{1: 100}},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l, s := underPressure(t)
			l.run(t)
			seconds(1)
			require.Error(t, signal(l.Holmes, holmes.SignalGCCPU).Err, "a share needs two readings")
			for tick := 1; tick <= 60; tick++ {
				for _, e := range c.ends {
					if e.tick == tick {
						collect(s, e.seconds*procs, e.seconds*e.busyCPUs, e.seconds*e.gcCPUs)
					}
				}
				seconds(1)
				got := signal(l.Holmes, holmes.SignalGCCPU)
				require.NoError(t, got.Err)
				require.True(t, got.Value >= 0 && got.Value <= 100, "%v", got.Value)
				if want, ok := c.want[tick]; ok {
					require.InDelta(t, want, got.Value, 1e-6, "tick %d", tick)
				}
			}
		})
	}
}

// While a signal is off nothing is read, and what has grown meanwhile is no
// reading when it is on again.
func TestPressureAfterBeingOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := underPressure(t)
		off := []holmes.Signal{holmes.SignalGCCPU, holmes.SignalSchedLat, holmes.SignalMutexWait}
		l.run(t)
		seconds(3)
		l.Disable(off...)
		seconds(1)
		s.Set(func(s *holmes.Pressure) { s.Total, s.GC, s.Waited, s.Delays.Counts[2] = 1e6, 1e6, 1e6, 1e6 })
		l.Enable(off...)
		seconds(1)
		for _, name := range off {
			require.ErrorContains(t, signal(l.Holmes, name).Err, "two readings")
		}
		seconds(1)
		for _, name := range off {
			got := signal(l.Holmes, name)
			require.NoError(t, got.Err)
			require.Zero(t, got.Value)
		}
	})
}

func TestPressureIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := newLab(t), &holmes.Pressure{Fail: errors.New("was read")}
		s.Use(l.Holmes)
		l.run(t)
		seconds(5)
		for _, name := range []holmes.Signal{holmes.SignalGCCPU, holmes.SignalSchedLat, holmes.SignalMutexWait} {
			got := signal(l.Holmes, name)
			require.False(t, got.Enabled)
			require.NoError(t, got.Err)
			require.Contains(t, l.WhyNot(name), "disabled")
		}
		l.Enable(holmes.SignalSchedLat)
		seconds(1)
		require.ErrorContains(t, signal(l.Holmes, holmes.SignalSchedLat).Err, "was read")
		require.False(t, signal(l.Holmes, holmes.SignalGCCPU).Enabled)
	})
}

// The signal is what was gained since the tick before, in milliseconds.
func TestSchedLatIsSinceTheLastTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := underPressure(t)
		l.run(t)
		seconds(2)
		read := func() float64 { seconds(1); return signal(l.Holmes, holmes.SignalSchedLat).Value }
		gain := func(i int, n uint64) { s.Set(func(s *holmes.Pressure) { s.Delays.Counts[i] += n }) }
		require.Zero(t, read())
		gain(2, 1000) // 1 to 100 ms
		require.InDelta(t, 99, read(), 1)
		gain(1, 1000)
		require.InDelta(t, 1, read(), 0.02)
		require.Zero(t, read(), "nothing ran")
	})
}

// Seconds a second, as a mean: steady waits are what they are, and a lump is
// forgotten before a rule has held.
func TestMutexWaitIsAMean(t *testing.T) {
	for _, interval := range []time.Duration{100 * time.Millisecond, time.Second, 30 * time.Second} {
		testkit.Bubble(t, interval.String(), func(t *testing.T) {
			l, s := underPressure(t, holmes.WithCollectInterval(interval.String()))
			l.run(t)
			wait := func(seconds float64) { s.Set(func(s *holmes.Pressure) { s.Waited += seconds }) }
			tick := func() float64 {
				<-time.After(interval)
				synctest.Wait()
				return signal(l.Holmes, holmes.SignalMutexWait).Value
			}
			for range 400 {
				wait(3 * interval.Seconds())
				tick()
			}
			wait(3 * interval.Seconds())
			require.InDelta(t, 3, tick(), 1e-6)
			most, fell := 0.0, time.Duration(0)
			wait(1000)
			for range 400 {
				if v := tick(); v > 1e-6 {
					most, fell = max(most, v), fell+interval
				}
			}
			require.GreaterOrEqual(t, most, 1000/max(11, interval.Seconds()))
			require.LessOrEqual(t, fell, max(11*time.Second, interval), "a lump is gone")
		})
	}
}

// A lump of waits that ended is a near miss; waits that go on are an event.
func TestMutexWaitEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := underPressure(t)
		l.run(t)
		seconds(60)
		s.Set(func(s *holmes.Pressure) { s.Waited += 6000 })
		seconds(60)
		require.EqualValues(t, 1, signal(l.Holmes, holmes.SignalMutexWait).Dismissed)
		require.Empty(t, l.got.all())
		for range 40 {
			s.Set(func(s *holmes.Pressure) { s.Waited += 12 })
			seconds(1)
		}
		e := l.event(t)
		require.Contains(t, e.Trigger.Sentence(), "lock wait 12 s/s for 15 s")
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
	})
}

// The three signals rise in the real runtime when the process does what they
// measure.
func TestPressureOfThisProcess(t *testing.T) {
	many := 200 * runtime.GOMAXPROCS(0) // the runtime looks at one goroutine in eight
	for name, c := range map[string]struct {
		signal holmes.Signal
		least  float64
		do     func()
	}{
		"collecting": {holmes.SignalGCCPU, 5, func() {
			type node struct{ next *node }
			var list *node
			for range 500_000 { // something to mark
				list = &node{list}
			}
			for range 10 {
				runtime.GC()
			}
			runtime.KeepAlive(list)
		}},
		"queueing for a processor": {holmes.SignalSchedLat, 0.5, func() {
			testkit.Together(many, func(int) { spin(50 * time.Microsecond) })
		}},
		"queueing for a lock": {holmes.SignalMutexWait, 1, func() {
			var mu sync.Mutex
			mu.Lock()
			begun := make(chan struct{}, many)
			done := make(chan struct{})
			go func() {
				defer close(done)
				testkit.Together(many, func(int) {
					begun <- struct{}{}
					mu.Lock()
					defer mu.Unlock()
				})
			}()
			for range many {
				<-begun
			}
			spin(20 * time.Millisecond)
			mu.Unlock()
			<-done
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := withAll(neverFires(t, holmes.WithCPUCore(1)))
			tick, end := holmes.TickOnce(h)
			defer end()
			tick()
			runtime.GC() // an account to begin with
			tick()
			c.do()
			tick()
			require.Greater(t, holmes.LastValue(h, c.signal), c.least)
		})
	}
}

// spin is busy for a time.
func spin(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
	}
}
