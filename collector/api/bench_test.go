package api_test

import (
	"bytes"
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
)

// BenchmarkAccept shows what accepting a CPU profile of 119 KB costs, in
// milliseconds of the processor's time, what google/pprof's parser alone takes for
// the same profile, their ratio, which is to be at most a third, and the bytes that
// go to the disk for each one stored. An iteration is a turn of several profiles
// that are accepted, and then parsed; the medians of all turns are shown. That way
// both suffer alike from what else the machine does.
//
// HOLMES_BENCH_PROFILE names another profile, HOLMES_BENCH_DIR a directory on
// the disk in question, HOLMES_BENCH_SENDERS how many send at the same time for
// each processor. Without a directory it is the disk that the source is on: the one
// for temporary files may be memory.
//
// The cost of an empty file is shown, too, since it is the file system's: ext4
// without a journal passes one by one over the inodes of files that were deleted
// in the last minutes, such as those of the run before.
func BenchmarkAccept(b *testing.B) {
	raw := benchProfile(b)
	dir := benchDir(b)
	empty := newFile(b, dir)
	store, err := files.Open(b.Context(), dir, files.Options{})
	require.NoError(b, err)
	handler, err := api.New(api.Config{Store: store, Open: true})
	require.NoError(b, err)
	senders := senders(b)
	writtenBefore := written(b)
	var accepts, parses, ratios []float64
	b.SetBytes(int64(turn * len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		accept := cpuOf(b, func() { inTurn(senders, func() { accept(b, handler, raw) }) })
		b.StopTimer()
		parse := cpuOf(b, func() { inTurn(senders, func() { parse(b, raw) }) })
		b.StartTimer()
		accepts, parses, ratios = append(accepts, accept/turn), append(parses, parse/turn), append(ratios, accept/parse)
	}
	require.NoError(b, store.Close())
	b.ReportMetric(empty, "cpu-ms/new-file")
	b.ReportMetric(median(accepts), "cpu-ms/accept")
	b.ReportMetric(median(parses), "cpu-ms/parse")
	b.ReportMetric(median(ratios), "accept/parse")
	b.ReportMetric((written(b)-writtenBefore)/float64(b.N*turn*len(raw)), "written/stored")
}

// turn is how many profiles are accepted, and then parsed, in a row.
const turn = 20

// inTurn makes a turn of calls, by several goroutines at the same time.
func inTurn(goroutines int, call func()) {
	var left atomic.Int64
	left.Store(turn)
	var calling sync.WaitGroup
	for range goroutines {
		calling.Go(func() {
			for left.Add(-1) >= 0 {
				call()
			}
		})
	}
	calling.Wait()
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func benchDir(b *testing.B) string {
	b.Helper()
	if dir := os.Getenv("HOLMES_BENCH_DIR"); dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp(".", "bench-") //nolint:usetesting // see BenchmarkAccept
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, os.RemoveAll(dir)) })
	return dir
}

// newFile is what an empty file takes, in milliseconds of the processor's time.
func newFile(b *testing.B, dir string) float64 {
	b.Helper()
	const n = 100
	return cpuOf(b, func() {
		for range n {
			f, err := os.CreateTemp(dir, "empty-*")
			require.NoError(b, err)
			require.NoError(b, f.Close())
		}
	}) / n
}

// senders is how many send at the same time.
func senders(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("HOLMES_BENCH_SENDERS"), "1"))
	require.NoError(b, err)
	return n * runtime.GOMAXPROCS(0)
}

func accept(b *testing.B, handler http.Handler, raw []byte) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost,
		"/api/0/profiles?service=shop&type=cpu&labels=version=1.2.3,instance=pod-7", bytes.NewReader(raw))
	r.Host = "localhost"
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Error(w.Body)
	}
}

func parse(b *testing.B, raw []byte) {
	b.Helper()
	if _, err := profile.ParseData(raw); err != nil {
		b.Error(err)
	}
}

func benchProfile(b *testing.B) []byte {
	b.Helper()
	name := os.Getenv("HOLMES_BENCH_PROFILE")
	if name == "" {
		return proftest.Real(b)["compile-large-cpu"]
	}
	raw, err := os.ReadFile(name)
	require.NoError(b, err)
	return raw
}

// cpuOf is the processor's time that the process uses during a call, in
// milliseconds.
func cpuOf(b *testing.B, call func()) float64 {
	b.Helper()
	before := cpuTime(b)
	call()
	return (cpuTime(b) - before) * 1000
}

// cpuTime is the processor's time that the process has used, in seconds.
func cpuTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// written is how many bytes the process has sent to disks.
func written(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if text, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			require.NoError(b, err)
			return n
		}
	}
	return 0
}
