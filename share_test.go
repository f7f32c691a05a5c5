package holmes_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	httppprof "net/http/pprof"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// P13, P14 for real: the application profiles itself over net/http/pprof in a
// loop, and two instances have one event after the other. No file is empty, no
// event is without its CPU profile or the reason, and the application gets
// profiles too.
func TestPromise13And14ProfilingInALoop(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/profile", httppprof.Profile)
	service := httptest.NewServer(mux)
	defer service.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	var theirs atomic.Int64
	others.Go(func() {
		for ctx.Err() == nil {
			if fetchProfile(ctx, service) {
				theirs.Add(1)
			}
			<-time.After(200 * time.Millisecond) // shorter than holmes takes to try again
		}
	})
	var work atomic.Int64
	others.Go(func() {
		for ctx.Err() == nil {
			work.Add(int64(burnCPU()))
		}
	})

	dirs := []string{t.TempDir(), t.TempDir()}
	got := &collector{}
	for _, dir := range dirs {
		h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithLogger(testLog{t}),
			holmes.WithCollectInterval("50ms"), holmes.WithCPUSamplingTime("500ms"),
			holmes.WithRule(holmes.SignalCPU, flapping{}), holmes.WithFlightRecorder(holmes.RecorderOff))
		require.NoError(t, err)
		require.NoError(t, h.Start())
		t.Cleanup(h.Stop)
	}
	require.Eventually(t, func() bool {
		return len(got.all()) >= heavy(4, 2) && theirs.Load() >= 1 && slices.ContainsFunc(got.all(), func(e *holmes.Event) bool { return e.Profile(holmes.KindCPU) != nil })
	}, 2*time.Minute, 50*time.Millisecond)
	for _, e := range got.all() {
		require.Len(t, e.Profiles, 1)
		p := &e.Profiles[0]
		require.Equal(t, holmes.KindCPU, p.Kind)
		if !p.Captured() {
			require.Error(t, p.Err)
			require.NotEmpty(t, p.Note)
			continue
		}
		require.Positive(t, p.Duration)
		require.Equal(t, int64(p.Duration), parse(t, p).DurationNanos)
	}
	for _, dir := range dirs {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".gz" && filepath.Base(path)[0] != '.' {
				info, err := d.Info()
				if err == nil && info.Size() == 0 {
					t.Errorf("%s is empty", path)
				}
			}
			return nil
		}))
	}
}

// flapping fires now and then, for longer than it holds.
type flapping struct{}

// Pace returns one that confirms soon and hardly rests.
func (flapping) Pace() holmes.Pace {
	return holmes.Pace{Window: 5 * time.Second, Hold: time.Second, CoolDown: 50 * time.Millisecond}
}

// Eval fires for two seconds of every three.
func (flapping) Eval(_ *holmes.Ring, s holmes.Sample) (holmes.Reason, bool) {
	return holmes.Reason{Code: "flapping"}, s.At.Unix()%3 > 0
}

// fetchProfile takes a profile of a second as a user would.
func fetchProfile(ctx context.Context, service *httptest.Server) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, service.URL+"/debug/pprof/profile?seconds=1", http.NoBody)
	if err != nil {
		return false
	}
	answer, err := service.Client().Do(req)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return false // busy: holmes has it
	}
	_, err = profile.ParseData(raw)
	return err == nil
}
