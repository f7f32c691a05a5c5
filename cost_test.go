package holmes_test

import (
	"io"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The cost of captures is in the event, and adds up in the stats.
func TestCostIsCounted(t *testing.T) {
	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}))
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine))(t)
	require.Positive(t, e.Cost.Seconds)
	require.Positive(t, e.Cost.CPUSeconds)
	require.Less(t, e.Cost.CPUSeconds, e.Cost.Seconds+0.01)
	require.Greater(t, e.Cost.PredictedBytes, uint64(4<<20))
	require.Greater(t, e.Cost.AllocBytes, uint64(100<<10))
	require.Positive(t, e.Cost.StoppedSeconds, "a goroutine profile stops the world twice")

	c := h.Stats().Cost
	require.GreaterOrEqual(t, c.Captures, uint64(2))
	require.Equal(t, e.Cost.Bytes, c.CaptureBytes)
	require.Equal(t, e.Cost.AllocBytes, c.CaptureAllocBytes)
	require.Positive(t, c.CaptureCPU)
	require.Positive(t, c.Stopped)
	require.EqualValues(t, e.Cost.ForcedGC, c.ForcedGC)
}

func TestCaptureBudgetIsChecked(t *testing.T) {
	_, err := holmes.New(holmes.WithCaptureBudget(0, 1))
	require.ErrorContains(t, err, "WithCaptureBudget: CPU time 0s: must be above 0")
	_, err = holmes.New(holmes.WithCaptureBudget(time.Second, -1))
	require.ErrorContains(t, err, "WithCaptureBudget: bytes -1: must be above 0")
}

// parkedNow parks goroutines with that many calls each until the test ends.
func parkedNow(t *testing.T, n, depth int) {
	t.Helper()
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { park(depth, release) })
	}
	t.Cleanup(func() { close(release); wg.Wait() })
}

// What the application allocates during a capture is not taken for the cost of the next
// one, which is known from what the profile held.
func TestCostIsTheCapturesOwn(t *testing.T) {
	parkedNow(t, 2000, 3)
	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}), holmes.WithBaseline(0))
	var kept []byte
	h.SetCapture(holmes.KindGoroutine, 4<<20, func(w io.Writer) error {
		for range 64 {
			kept = make([]byte, 8<<20) // the application, at the same time
		}
		return pprof.Lookup("goroutine").WriteTo(w, 0)
	})
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
	require.Greater(t, e.Cost.AllocBytes, uint64(512<<20))
	e = testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
	require.NotNil(t, e.Profile(holmes.KindGoroutine), "%v", e.Profiles)
	require.Greater(t, e.Cost.PredictedBytes, uint64(2<<20+2000*400))
	require.Less(t, e.Cost.PredictedBytes, uint64(32<<20))
	runtime.KeepAlive(kept)
}

// A capture that took much CPU time refuses the later ones only for a time.
func TestCostIsForgotten(t *testing.T) {
	testkit.OnLinux(t, "the CPU time of a thread is known on Linux only")
	synctest.Test(t, func(t *testing.T) {
		parkedNow(t, 1000, 3)
		synctest.Wait()
		l := newLab(t, holmes.WithCaptureBudget(20*time.Millisecond, 1<<30))
		l.SetCapture(holmes.KindGoroutine, 4<<20, func(w io.Writer) error {
			for begin := threadTime(t); threadTime(t)-begin < 200*time.Millisecond; {
			}
			return pprof.Lookup("goroutine").WriteTo(w, 0)
		})
		l.run(t)
		captured := func() bool {
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
			return e.Profile(holmes.KindGoroutine) != nil
		}
		require.True(t, captured())
		require.False(t, captured(), "it took more than the budget")
		seconds(60 * 60)
		require.True(t, captured(), "tried again")
		require.False(t, captured())
	})
}

func threadTime(t *testing.T) time.Duration { return testkit.Must(procstat.ThreadCPUTime())(t) }

// The default budget is enough for 250 000 goroutines with the stacks that they have in a
// server, here for a fiftieth of them with a fiftieth of the memory.
func TestDefaultBudgetForManyGoroutines(t *testing.T) {
	const part = 50
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 250_000 / part {
		wg.Go(func() { large(8, release) })
	}
	defer wg.Wait()
	defer close(release)
	const base = 2 << 20
	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}), holmes.WithBaseline(0),
		holmes.WithCaptureBudget(2*time.Second, base+(256<<20-base)/part))
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
	require.NotNil(t, e.Profile(holmes.KindGoroutine), "%v", e.Profiles)
}

// large parks a stack of 8 KiB.
//
//go:noinline
func large(calls int, release <-chan struct{}) byte {
	var frame [512]byte
	frame[calls] = 1
	if calls == 0 {
		<-release
		return frame[0]
	}
	return large(calls-1, release) + frame[calls]
}
