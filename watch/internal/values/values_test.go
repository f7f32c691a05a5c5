package values_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/values"
)

func read(t *testing.T, name string) values.Page {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	p, err := values.Parse(raw)
	require.NoError(t, err)
	return p
}

func value(r values.Reading, s detect.Signal) (detect.Sample, string) {
	for _, x := range r.Samples {
		if x.Signal == s {
			return x, ""
		}
	}
	return detect.Sample{}, r.Missing[s]
}

// Two pages of one process, ten seconds apart.
func TestReadings(t *testing.T) {
	at := time.Unix(1000, 0)
	var r values.Reader
	first := r.Read(read(t, "first-of-two"), at)
	s, why := value(first, detect.SignalCPU)
	require.Equal(t, "the second reading is missing", why, s)
	require.False(t, first.Restarted)
	second := r.Read(read(t, "second-of-two"), at.Add(10*time.Second))
	for signal, want := range map[detect.Signal][2]float64{
		detect.SignalCPU:       {25, 2},           // 5 s of 2 cores x 10 s
		detect.SignalMem:       {50, 200 << 20},   // 100 MiB of GOMEMLIMIT
		detect.SignalGCHeap:    {10, 200 << 20},   // heap_live, not heap_alloc
		detect.SignalGoroutine: {42, 0},           //
		detect.SignalThread:    {9, 0},            //
		detect.SignalGCCPU:     {100. * 1 / 5, 0}, // 1 s of 20 s less 15 s idle
	} {
		s, why := value(second, signal)
		require.Empty(t, why, signal)
		require.InDelta(t, want[0], s.Value, 0.001, signal)
		require.InDelta(t, want[1], s.Limit, 0.001, signal)
	}
	require.Equal(t, uint64(100<<20), second.Readings.RSS)
	require.Equal(t, "GOMEMLIMIT", second.Readings.MemoryLimitFrom)
	require.Equal(t, "GOMAXPROCS", second.Readings.CoresFrom)
	require.InDelta(t, 909.8, second.Readings.UptimeSeconds, 0.001)
	require.InDelta(t, 25, second.Readings.CPUPercent, 0.001)
}

// What a target does not say is named, and may be configured.
func TestMissing(t *testing.T) {
	var r values.Reader
	at := time.Unix(1000, 0)
	r.Read(read(t, "old-client"), at)
	out := r.Read(read(t, "old-client"), at.Add(time.Second))
	for signal, want := range map[detect.Signal]string{
		detect.SignalCPU: "set cores of the job", detect.SignalMem: "memory_bytes of the job",
		detect.SignalGCHeap: "memory_bytes of the job", detect.SignalGCCPU: "go_cpu_classes_gc_total_cpu_seconds_total is missing",
	} {
		_, why := value(out, signal)
		require.Contains(t, why, want, signal)
	}
	r.Limits = values.Limits{Cores: 4, Memory: 1 << 30}
	out = r.Read(read(t, "old-client"), at.Add(2*time.Second))
	s, why := value(out, detect.SignalCPU)
	require.Empty(t, why)
	require.Equal(t, 4.0, s.Limit)
	s, _ = value(out, detect.SignalMem)
	require.Equal(t, float64(1<<30), s.Limit)
	require.Equal(t, "configuration", out.Readings.MemoryLimitFrom)
}

// The lower limit counts.
func TestLowerLimit(t *testing.T) {
	r := values.Reader{Limits: values.Limits{Cores: 1, Memory: 1 << 40}}
	r.Read(read(t, "first-of-two"), time.Unix(1000, 0))
	out := r.Read(read(t, "second-of-two"), time.Unix(1010, 0))
	s, _ := value(out, detect.SignalCPU)
	require.Equal(t, 1.0, s.Limit)
	s, _ = value(out, detect.SignalMem)
	require.Equal(t, float64(200<<20), s.Limit)
}

// Another process has other counters: no rate is taken from one to the other.
func TestRestart(t *testing.T) {
	var r values.Reader
	at := time.Unix(1000, 0)
	r.Read(read(t, "second-of-two"), at)
	p := read(t, "second-of-two")
	p["process_start_time_seconds"] += 500
	p["process_cpu_seconds_total"] = 500
	out := r.Read(p, at.Add(time.Second))
	require.True(t, out.Restarted)
	_, why := value(out, detect.SignalCPU)
	require.Equal(t, "the second reading is missing", why)
	require.False(t, r.Read(p, at.Add(2*time.Second)).Restarted)

	r = values.Reader{}
	r.Read(read(t, "old-client"), at)
	p = read(t, "old-client")
	p["process_cpu_seconds_total"] = 0.1
	require.True(t, r.Read(p, at.Add(time.Second)).Restarted, "without a start time a counter that falls says so")
}

// Without the live heap, the lowest of the latest values stands for it.
func TestLowestHeap(t *testing.T) {
	r := values.Reader{Limits: values.Limits{Memory: 100}}
	var got []float64
	for i, alloc := range []float64{50, 20, 60, 70, 80, 90, 80, 70, 60, 50, 40, 70} {
		out := r.Read(values.Page{"go_memstats_heap_alloc_bytes": alloc}, time.Unix(int64(i), 0))
		s, _ := value(out, detect.SignalGCHeap)
		got = append(got, s.Value)
	}
	require.Equal(t, []float64{50, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 40}, got)
}

func TestHostilePages(t *testing.T) {
	for text, want := range map[string]values.Page{
		"":                                  {},
		"<html>go_goroutines 5</html>":      {},
		"go_goroutines{x=\"1\"} 5\n":        {},
		"go_goroutines{} 5\n":               {"go_goroutines": 5},
		"go_goroutines 5":                   {"go_goroutines": 5},
		"go_goroutines 5 1234567\r\n":       {"go_goroutines": 5},
		"go_goroutines NaN\ngo_threads 3\n": {"go_threads": 3},
		"go_goroutines +Inf\n":              {},
		"go_goroutines -5\n":                {},
		"go_goroutines_x 5\n":               {},
		"junk {{{{\x00\ngo_threads 3\n":     {"go_threads": 3},
		strings.Repeat("a 1\n", 100_000):    {},
	} {
		p, err := values.Parse([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, p, text)
	}
	_, err := values.Parse([]byte("go_goroutines five\n"))
	require.ErrorContains(t, err, "cannot be read")
	p, err := values.Parse([]byte("go_goroutines 5\ngo_goroutines 6\n"))
	if err == nil {
		require.Empty(t, p, "neither is believed")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"first-of-two", "second-of-two", "old-client"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := values.Parse(raw)
		if err != nil {
			return
		}
		var r values.Reader
		for i := range 2 {
			for _, s := range r.Read(p, time.Unix(int64(i), 0)).Samples {
				require.True(t, detect.Finite(s.Value), s)
				require.GreaterOrEqual(t, s.Value, 0.0)
			}
		}
	})
}
