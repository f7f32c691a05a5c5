package merge_test

import (
	"runtime/metrics"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
)

// BenchmarkMerge shows what it costs to merge a thousand CPU profiles of 119 KB,
// one a minute: the first time, and from roll-ups. The memory is that of Go's
// heap at its peak, what the benchmark holds itself included.
func BenchmarkMerge(b *testing.B) {
	store, err := files.Open(b.Context(), b.TempDir(), files.Options{})
	require.NoError(b, err)
	defer store.Close()
	for i, raw := range variants(b, proftest.Real(b)["compile-large-cpu"], 100) {
		for j := range 10 {
			putCPU(b, store, raw, start().Add(time.Duration(i+100*j)*time.Minute))
		}
	}
	m, err := merge.New(merge.Config{Store: store, Dir: b.TempDir(), Now: func() time.Time { return start().Add(100 * time.Hour) }})
	require.NoError(b, err)
	b.Run("first", func(b *testing.B) { benchQuery(b, m) })
	done, err := m.Roller().Round(b.Context())
	require.NoError(b, err)
	b.Run("rolled", func(b *testing.B) { benchQuery(b, m) })
	b.Logf("%+v", done)
}

func benchQuery(b *testing.B, m *merge.Merger) {
	b.Helper()
	b.ReportAllocs()
	peak, stop := peakHeap()
	before := cpuTime(b)
	var stacks int
	for b.Loop() {
		f, err := m.Query(b.Context(), collector.Query{Service: "shop", Kind: collector.KindCPU})
		require.NoError(b, err)
		require.Equal(b, 1000, f.Profiles())
		stacks = f.Len()
	}
	b.ReportMetric((cpuTime(b)-before)/float64(b.N), "cpu-s/op")
	stop()
	b.ReportMetric(float64(*peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(stacks), "stacks")
}

func putCPU(b *testing.B, store collector.Store, raw []byte, at time.Time) {
	b.Helper()
	d, err := store.Draft(b.Context())
	require.NoError(b, err)
	defer d.Discard()
	w, err := d.Add("cpu.pb.gz")
	require.NoError(b, err)
	_, err = w.Write(raw)
	require.NoError(b, err)
	_, err = d.Commit(b.Context(), collector.Record{Profile: &collector.Meta{
		Service: "shop", Kind: collector.KindCPU, CreatedAt: at, File: "cpu.pb.gz",
	}})
	require.NoError(b, err)
}

// peakHeap follows the memory that the process has mapped for its heap.
func peakHeap() (peak *uint64, stop func()) {
	peak = new(uint64)
	end := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			metrics.Read(sample)
			*peak = max(*peak, sample[0].Value.Uint64())
			select {
			case <-ticker.C:
			case <-end:
				return
			}
		}
	})
	return peak, func() { close(end); watcher.Wait() }
}

// cpuTime is the processor's time that the process has used, in seconds.
func cpuTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func BenchmarkAdd(b *testing.B) {
	raw := inflate(b, proftest.Real(b)["compile-large-cpu"])
	b.ReportAllocs()
	f := merge.NewFold(0)
	for b.Loop() {
		require.NoError(b, f.Add(raw))
	}
}
