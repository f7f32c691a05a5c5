package api_test

import (
	"bytes"
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/safepprof/proftest"
)

// BenchmarkAccept shows what it costs to accept a CPU profile of 119 KB: the
// processor's time, and the bytes that go to the disk for each one stored.
// HOLMES_BENCH_PROFILE names another profile, HOLMES_BENCH_DIR a directory on
// the disk in question, HOLMES_BENCH_SENDERS how many send at the same time.
// Without a directory it is the disk that the source is on: the one for temporary
// files may be memory.
//
// What an empty file costs is shown, too, since that is the file system's doing:
// ext4 without a journal passes over the inodes of what was deleted in the last
// minutes, such as the files of the run before, one by one.
func BenchmarkAccept(b *testing.B) {
	raw := benchProfile(b)
	dir := benchDir(b)
	b.ReportMetric(newFile(b, dir)*1000, "cpu-ms/new-file")
	store, err := files.Open(b.Context(), dir, files.Options{})
	require.NoError(b, err)
	handler, err := api.New(api.Config{Store: store, Open: true})
	require.NoError(b, err)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	usedBefore, writtenBefore := cpuTime(b), written(b)
	b.SetParallelism(senders(b))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			accept(b, handler, raw)
		}
	})
	b.ReportMetric((cpuTime(b)-usedBefore)/float64(b.N)*1000, "cpu-ms/op")
	require.NoError(b, store.Close())
	b.ReportMetric((written(b)-writtenBefore)/float64(b.N*len(raw)), "written/stored")
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

// newFile is the processor's time that an empty file takes, in seconds.
func newFile(b *testing.B, dir string) float64 {
	b.Helper()
	const n = 100
	before := cpuTime(b)
	for range n {
		f, err := os.CreateTemp(dir, "empty-*")
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
	return (cpuTime(b) - before) / n
}

// senders is how many send at the same time, for each processor.
func senders(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("HOLMES_BENCH_SENDERS"), "1"))
	require.NoError(b, err)
	return n
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
