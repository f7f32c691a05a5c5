package holmes_test

import (
	"io"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"testing"

	"github.com/go-holmes/holmes"
)

// BenchmarkCaptureNeeds measures what the table of captures predicts: bytes
// allocated by a whole goroutine profile, per goroutine, and by a heap profile.
// parks is how many goroutines are parked meanwhile, in stacks of different
// depth.
func BenchmarkCaptureNeeds(b *testing.B) {
	for _, parked := range []int{100, 10_000, 100_000} {
		b.Run("goroutine/"+strconv.Itoa(parked), func(b *testing.B) {
			release := make(chan struct{})
			var wg sync.WaitGroup
			for i := range parked {
				wg.Go(func() { park(i%8, release) })
			}
			captureCost(b, holmes.KindGoroutine, float64(parked))
			close(release)
			wg.Wait()
		})
	}
	b.Run("heap", func(b *testing.B) {
		sites, _ := runtime.MemProfile(nil, true)
		captureCost(b, holmes.KindHeap, float64(sites))
	})
}

func captureCost(b *testing.B, k holmes.Kind, n float64) {
	b.Helper()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		if err := pprof.Lookup(string(k)).WriteTo(io.Discard, 0); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(b.N)
	b.ReportMetric(n, "records")
	b.ReportMetric(allocated/n, "B/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
	b.ReportMetric(float64(holmes.CaptureNeeds(k))/allocated, "predicted/real")
}

//go:noinline
func park(depth int, release <-chan struct{}) {
	if depth > 0 {
		park(depth-1, release)
		return
	}
	<-release
}
