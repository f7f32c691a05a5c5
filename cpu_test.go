package holmes_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	httppprof "net/http/pprof"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A CPU profile is on disk before its event is decided, and at any moment a
// whole one: what was written down of it survives the process.
func TestCPUProfileIsOnDiskMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		var lengths []time.Duration
		for range 15 {
			seconds(1)
			dirs, err := filepath.Glob(filepath.Join(l.dir, "2*-cpu-*"))
			require.NoError(t, err)
			require.Len(t, dirs, 1)
			e, err := holmes.LoadEvent(dirs[0])
			require.NoError(t, err)
			require.Equal(t, holmes.StateSuspected, e.State)
			cpu := e.Profile(holmes.KindCPU)
			if cpu == nil {
				continue
			}
			raw := parse(t, cpu)
			require.Equal(t, cpu.Duration, time.Duration(raw.DurationNanos))
			if n := len(lengths); n == 0 || lengths[n-1] != cpu.Duration {
				lengths = append(lengths, cpu.Duration)
			}
		}
		require.Equal(t, []time.Duration{2 * time.Second, 6 * time.Second}, lengths)
		seconds(30)
		require.Len(t, l.got.all(), 1)
		e := l.got.all()[0]
		require.Len(t, e.Profiles, 1, "one file, however often it was cut")
		require.Equal(t, 14*time.Second, e.Profiles[0].Duration)
		var sum time.Duration
		for _, s := range parse(t, &e.Profiles[0]).Sample {
			sum += time.Duration(s.Value[1])
		}
		require.Equal(t, 14*time.Second, sum, "nothing is lost")
	})
}

// A profiler that the application holds is named in the event.
func TestForeignProfilerIsNamed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/profile", httppprof.Profile)
	service := httptest.NewServer(mux)
	defer service.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var profiling sync.WaitGroup
	profiling.Go(func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, service.URL+"/debug/pprof/profile?seconds=30", http.NoBody)
		if err != nil {
			return
		}
		if answer, err := service.Client().Do(req); err == nil {
			_ = answer.Body.Close()
		}
	})
	defer profiling.Wait()
	defer cancel()
	stacks := make([]byte, 1<<20)
	require.Eventually(t, func() bool { // until the handler has it
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("net/http/pprof.sleep("))
	}, time.Minute, 10*time.Millisecond)

	h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	defer h.Stop()
	e, err := h.CaptureNow(t.Context(), holmes.KindCPU)
	require.NoError(t, err)
	require.Len(t, e.Profiles, 1)
	require.ErrorContains(t, e.Profiles[0].Err, "in use by ")
	require.Contains(t, e.Profiles[0].Note, "held by net/http/pprof")
}
