package holmes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
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
