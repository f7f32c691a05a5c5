package holmes_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// BenchmarkCaptureNeeds measures what the table of captures predicts: bytes
// allocated by a whole goroutine profile, per goroutine, in stacks of different
// depth, by a count of goroutines, and by a heap profile.
func BenchmarkCaptureNeeds(b *testing.B) {
	for _, n := range []struct{ goroutines, depth int }{{100, 8}, {10_000, 8}, {100_000, 3}, {100_000, 20}, {100_000, 60}} {
		b.Run(fmt.Sprintf("goroutine/%d/depth=%d", n.goroutines, n.depth), func(b *testing.B) {
			release := make(chan struct{})
			var wg sync.WaitGroup
			for range n.goroutines {
				wg.Go(func() { park(n.depth, release) })
			}
			captureCost(b, holmes.KindGoroutine, float64(n.goroutines))
			close(release)
			wg.Wait()
		})
	}
	b.Run("sites/100000", func(b *testing.B) {
		release := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 100_000 {
			wg.Go(func() { park(i%20, release) })
		}
		b.ReportAllocs()
		for b.Loop() {
			if got := holmes.GoroutineSites(); got[0].Count < 100_000 {
				b.Fatal(got)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/record")
		close(release)
		wg.Wait()
	})
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

// A capture that would not fit under the limit is refused, with the
// reason; one that fits streams to disk.
func TestCaptureThatDoesNotFitIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.host.Memory(1<<30 - 3<<19) // 1.5 MiB under the limit, less than any substitute needs
		asked := 0
		l.SetCapture(holmes.KindHeap, 4<<20, func(io.Writer) error { asked++; return nil })
		l.SetCapture(holmes.KindGoroutine, 1<<20, func(w io.Writer) error {
			_, direct := w.(*bytes.Buffer)
			require.False(t, direct, "it goes to the disk, not into memory")
			_, err := io.WriteString(w, "fits")
			return err
		})
		l.run(t)
		seconds(5)
		e, err := l.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine)
		require.NoError(t, err)
		require.Zero(t, asked)
		require.ErrorIs(t, e.Profiles[0].Err, holmes.ErrNoRoom)
		require.ErrorContains(t, e.Profiles[0].Err, "needs about 4096 KiB of 1536 KiB")
		require.Nil(t, e.Profile(holmes.KindHeap))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
	})
}

// On a disk whose sync takes a second, the profiles of an event are there before the first
// sync, and the event is complete after three seconds at most: each file is synced once,
// with the checksums and two directories, four at a time.
func TestSlowDiskDelaysNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		files := func(pattern string) int {
			return len(testkit.Must(filepath.Glob(filepath.Join(l.dir, "*-manual-*", pattern)))(t))
		}
		var syncs, atFirst atomic.Int64
		l.SetFault(func(op, name string) error {
			if op == "sync" {
				if name != "." { // a directory, which a delivery syncs too
					syncs.Add(1)
				}
				atFirst.CompareAndSwap(0, int64(files("*.pb.gz")))
				<-time.After(time.Second)
			}
			return nil
		})
		l.run(t)
		seconds(5)
		require.Zero(t, syncs.Load())
		begin := time.Now()
		_, err := l.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine, holmes.KindThreadcreate)
		require.NoError(t, err)
		require.GreaterOrEqual(t, files("*.pb.gz"), 3)
		require.EqualValues(t, files("*.pb.gz"), atFirst.Load())
		require.EqualValues(t, files("[^.]*")+1, syncs.Load())
		require.LessOrEqual(t, time.Since(begin), 3*time.Second)
	})
}

// A kind that is given twice is taken once.
func TestKindsAreTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		heap, twice := holmes.KindHeap, holmes.KindThreadcreate
		l := newLab(t, holmes.WithLogger(logger), holmes.WithContinuous(time.Minute, time.Second, twice, twice),
			holmes.WithSource(rising("load", 100), holmes.Threshold{Abs: 50}, twice, twice)).run(t)
		e := testkit.Must(l.CaptureNow(t.Context(), heap, twice, twice, heap))(t)
		seconds(200)
		events := append(l.got.all(), e)
		require.Greater(t, len(events), 3)
		for _, e := range events {
			for kind := range map[holmes.Kind]bool{heap: true, twice: true} {
				n := 0
				for _, p := range e.Profiles {
					if p.Kind == kind && p.File == kind.File() {
						n++
					}
				}
				require.LessOrEqual(t, n, 1, "%s of %s", kind, e.ID)
			}
		}
		require.Zero(t, count(lines, "exists"), lines.All())
	})
}
