package holmes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// neverFires returns a Holmes with the default signals, whose thresholds are
// out of reach: ticks that follow each other at once read wild CPU rates.
func neverFires(tb testing.TB, opts ...holmes.Option) *holmes.Holmes {
	tb.Helper()
	const far = 1e9
	opts = append(opts, holmes.WithDumpPath(tb.TempDir()), holmes.WithLogger(nil))
	for _, s := range []holmes.Signal{
		holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread,
		holmes.SignalGCCPU, holmes.SignalSchedLat, holmes.SignalMutexWait,
	} {
		opts = append(opts, holmes.WithRule(s, holmes.Threshold{Min: 1, Diff: far, Abs: far, Margin: far, Window: 2 * time.Minute, Hold: 15 * time.Second}))
	}
	h, err := holmes.New(opts...)
	require.NoError(tb, err)
	return h
}

// withAll turns on the signals that are off by default, too.
func withAll(h *holmes.Holmes) *holmes.Holmes {
	return h.Enable(holmes.SignalGCCPU, holmes.SignalSchedLat, holmes.SignalMutexWait)
}

// BenchmarkTick is one tick of this very process at the defaults: every
// reading, every rule.
func BenchmarkTick(b *testing.B) { benchmarkTick(b, neverFires(b)) }

// BenchmarkTickAllSignals is the same with the signals that are off by default.
func BenchmarkTickAllSignals(b *testing.B) { benchmarkTick(b, withAll(neverFires(b))) }

func benchmarkTick(b *testing.B, h *holmes.Holmes) {
	b.Helper()
	tick, end := holmes.TickOnce(h)
	defer end()
	for range 200 {
		tick()
	}
	b.ReportAllocs()
	for b.Loop() {
		tick()
	}
}

// One tick of a real host allocates nothing.
func TestTickAllocatesNothing(t *testing.T) {
	for name, h := range map[string]*holmes.Holmes{"default signals": neverFires(t), "all signals": withAll(neverFires(t))} {
		t.Run(name, func(t *testing.T) {
			tick, end := holmes.TickOnce(h)
			defer end()
			for range 200 { // past the warm-up
				tick()
			}
			require.Zero(t, testing.AllocsPerRun(1000, tick))
		})
	}
}
