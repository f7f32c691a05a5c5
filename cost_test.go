package holmes_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A goroutine profile above the budget is replaced by counts, with the reason.
func TestGoroutineProfileTooCostly(t *testing.T) {
	for name, budget := range map[string]holmes.Option{
		"time":   holmes.WithCaptureBudget(time.Nanosecond*50_000, 1<<30),
		"memory": holmes.WithCaptureBudget(time.Minute, 2<<20),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() { park(3, release) })
				}
				defer wg.Wait()
				defer close(release)
				synctest.Wait() // until they are parked
				l := newLab(t, budget).run(t)
				e, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
				require.NoError(t, err)
				require.ErrorIs(t, e.Profiles[0].Err, holmes.ErrTooCostly)
				require.ErrorContains(t, e.Profiles[0].Err, "WithCaptureBudget allows")
				require.NotNil(t, e.Readings.GoroutineStates)
				require.GreaterOrEqual(t, e.Readings.GoroutineStates.Waiting, uint64(20))
				require.Positive(t, e.Readings.GoroutineStates.Created)
				if name == "memory" {
					require.Contains(t, e.Profiles[0].Note, "MiB of memory")
				} else {
					require.Contains(t, e.Profiles[0].Note, "of CPU time")
				}
			})
		})
	}
}

// Counts name the functions that goroutines were started with, in the event and
// in its summary.
func TestGoroutineSites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Add(300)
		for range 300 {
			go parked(&wg, release)
		}
		defer wg.Wait()
		defer close(release)
		synctest.Wait() // until they are parked
		l := newLab(t, holmes.WithCaptureBudget(time.Minute, 2<<20)).run(t)
		e, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
		require.NoError(t, err)
		require.Nil(t, e.Profile(holmes.KindGoroutine))
		require.Equal(t, holmes.GoroutineSite{Function: "github.com/go-holmes/holmes_test.parked", Count: 300}, e.Readings.GoroutineSites[0])

		again, err := holmes.LoadEvent(e.Dir)
		require.NoError(t, err)
		require.Equal(t, e.Readings.GoroutineSites, again.Readings.GoroutineSites)
		summary, err := os.ReadFile(filepath.Join(e.Dir, "summary.txt"))
		require.NoError(t, err)
		require.Contains(t, string(summary), "300 goroutines of github.com/go-holmes/holmes_test.parked")
	})
}

func parked(wg *sync.WaitGroup, release <-chan struct{}) {
	defer wg.Done()
	park(20, release) // the runtime records 32 calls
}

// What captures cost is in the event, and adds up in the stats.
func TestCostIsCounted(t *testing.T) {
	h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	defer h.Stop()
	e, err := h.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine)
	require.NoError(t, err)
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
