package holmes_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// The live heap is right for any GOGC, and GOMEMLIMIT counts when it is the
// lower limit.
func TestGCHeapIsRightForAnyGOGC(t *testing.T) {
	const mib = 1 << 20
	live := make([]byte, 64*mib)
	for i := range live {
		live[i] = 1
	}
	read := func() float64 {
		h := neverFires(t, holmes.WithMemoryLimit(256*mib))
		runtime.GC()
		tick, end := holmes.TickOnce(h)
		defer end()
		tick()
		return holmes.LastValue(h, holmes.SignalGCHeap)
	}
	for _, gogc := range []int{25, 50, 100, 400, -1} {
		old := debug.SetGCPercent(gogc)
		require.InDelta(t, 25+1.5, read(), 1.5, "GOGC %d: 64 of 256 MiB, and what else lives here", gogc)
		debug.SetGCPercent(old)
	}
	old := debug.SetMemoryLimit(128 * mib)
	defer debug.SetMemoryLimit(old)
	require.InDelta(t, 50+3, read(), 3, "of 128 MiB")
	runtime.KeepAlive(live)
}

// The next tick sees the result of a later collection.
func TestGCHeapFollowsCollections(t *testing.T) {
	const limit = 128 << 20
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	h := neverFires(t, holmes.WithMemoryLimit(limit))
	tick, end := holmes.TickOnce(h)
	defer end()
	follows := func() {
		t.Helper()
		runtime.GC()
		require.Eventually(t, func() bool {
			tick()
			metrics.Read(live)
			want := float64(live[0].Value.Uint64()) / limit * 100
			return math.Abs(holmes.LastValue(h, holmes.SignalGCHeap)-want) < 0.1
		}, 10*time.Second, time.Millisecond)
	}
	for range 3 { // each collection is noticed, not only the first
		func() {
			held := make([]byte, limit/4)
			for i := range held {
				held[i] = 1 // or it would not be in memory
			}
			follows()
			require.Greater(t, holmes.LastValue(h, holmes.SignalGCHeap), 25.0)
			runtime.KeepAlive(held)
		}()
		follows()
	}
}
