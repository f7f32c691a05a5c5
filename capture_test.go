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
		l.host.Memory(1<<30 - 2<<20) // 2 MiB under the limit
		asked := 0
		l.SetCapture(holmes.KindHeap, 4<<20, func(io.Writer) error { asked++; return nil })
		l.SetCapture(holmes.KindGoroutine, 2<<20, func(w io.Writer) error {
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
		require.ErrorContains(t, e.Profiles[0].Err, "needs about 4096 KiB of 2048 KiB")
		require.Nil(t, e.Profile(holmes.KindHeap))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
	})
}

// On a disk whose sync takes a second, the files of an event are there at once, and the
// event is complete after two seconds: two profiles, event.json, summary.txt, the
// checksums and two directories are synced once each, four at a time.
func TestSlowDiskDelaysNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var syncs, files atomic.Int64
		l.SetFault(func(op, _ string) error {
			if op == "sync" {
				syncs.Add(1)
				found := testkit.Must(filepath.Glob(filepath.Join(l.dir, "*", "*.pb.gz")))(t)
				files.Store(int64(len(found)))
				<-time.After(time.Second)
			}
			return nil
		})
		l.run(t)
		seconds(5)
		before, begin := syncs.Load(), time.Now()
		_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine, holmes.KindThreadcreate)
		require.NoError(t, err)
		require.EqualValues(t, 2, files.Load(), "they have their names before the first sync")
		require.EqualValues(t, 7, syncs.Load()-before)
		require.Equal(t, 2*time.Second, time.Since(begin).Truncate(time.Second))
	})
}
