package holmes_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	httppprof "net/http/pprof"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// While the application profiles, an event has no empty file but the reason, and
// tries again.
func TestForeignProfilerLeavesNoEmptyFile(t *testing.T) {
	testkit.Bubble(t, "throughout", func(t *testing.T) {
		l := newLab(t, holmes.WithSource(rising("load", 60), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindCPU, holmes.KindGoroutine)).run(t)
		l.profiler.Foreign(true)
		seconds(180)
		e := l.event(t)
		require.Nil(t, e.Profile(holmes.KindCPU))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.NoFileExists(t, filepath.Join(e.Dir, "cpu.pb.gz"))
		p := e.Profiles[len(e.Profiles)-1]
		require.ErrorContains(t, p.Err, "in use by the application")
		require.Regexp(t, `^waited [0-9]+ s; the CPU profiler is in use by the application or another profiler$`, p.Note)
	})
	testkit.Bubble(t, "for a while", func(t *testing.T) {
		l := newLab(t, holmes.WithSource(rising("load", 60), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindCPU)).run(t)
		l.profiler.Foreign(true)
		seconds(68)
		l.profiler.Foreign(false)
		seconds(60)
		cpu := l.event(t).Profile(holmes.KindCPU)
		require.NotNil(t, cpu)
		require.Contains(t, cpu.Note, "waited")
		require.NotEmpty(t, parse(t, cpu).Sample)
	})
}

// The same with the runtime's own profiler: the event on disk has the reason.
func TestRunningProfilerLeavesNoEmptyFile(t *testing.T) {
	var foreign bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&foreign))
	defer pprof.StopCPUProfile()
	got := &collector{}
	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(testLog{t}))
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindCPU, holmes.KindGoroutine))(t)
	require.Nil(t, e.Profile(holmes.KindCPU))
	require.NotNil(t, e.Profile(holmes.KindGoroutine))
	require.NoFileExists(t, filepath.Join(e.Dir, "cpu.pb.gz"))
	onDisk := testkit.Must(holmes.LoadEvent(e.Dir))(t)
	for _, p := range onDisk.Profiles {
		if p.Kind == holmes.KindCPU {
			require.Contains(t, p.Note, "in use by the application")
			return
		}
	}
	t.Fatal("the event does not say why there is no CPU profile")
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

	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}))
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindCPU))(t)
	require.Len(t, e.Profiles, 1)
	require.ErrorContains(t, e.Profiles[0].Err, "in use by ")
	require.Contains(t, e.Profiles[0].Note, "held by net/http/pprof")
}

// Two instances in one process share the profiler and both have their
// profile.
func TestTwoInstancesShareCaptures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newLab(t), newLab(t, holmes.WithCPUDump(10, 25, 60, time.Minute))
		a.profiler.Share(a.Holmes, b.Holmes)
		a.run(t)
		b.run(t)
		seconds(60)
		a.host.CPU(func() float64 { return 90 })
		seconds(5)
		b.host.CPU(func() float64 { return 90 })
		seconds(40)
		for _, l := range []*lab{a, b} {
			require.NotEmpty(t, parse(t, l.event(t).Profile(holmes.KindCPU)).Sample)
		}
		require.GreaterOrEqual(t, a.got.all()[0].Profile(holmes.KindCPU).Duration, 13*time.Second)
		require.GreaterOrEqual(t, b.got.all()[0].Profile(holmes.KindCPU).Duration, 13*time.Second)
	})
}

// The application profiles itself over net/http/pprof in a loop, and two
// instances have one event after the other. No file is empty, no event is without
// its CPU profile or the reason, and the application gets profiles too.
func TestProfilesBesideAnApplicationThatProfiles(t *testing.T) {
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
		started(t, holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithLogger(testLog{t}),
			holmes.WithCollectInterval("50ms"), holmes.WithCPUSamplingTime("500ms"),
			holmes.WithRule(holmes.SignalCPU, flapping{}), holmes.WithFlightRecorder(holmes.RecorderOff))
	}
	require.Eventually(t, func() bool {
		return len(got.all()) >= testkit.Heavy(4, 2) && theirs.Load() >= 1 && slices.ContainsFunc(got.all(), func(e *holmes.Event) bool { return e.Profile(holmes.KindCPU) != nil })
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

// lines keeps what is logged.
type lines struct {
	testLog
	mu  sync.Mutex
	all []string
}

func (l *lines) Infof(f string, a ...any) { l.add(fmt.Sprintf("info "+f, a...)) }
func (l *lines) Warnf(f string, a ...any) { l.add(fmt.Sprintf("warn "+f, a...)) }

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// with returns the lines that contain a text.
func (l *lines) with(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// A profiler that another one holds for good is told of when that begins and when it
// ends. Events do not wait for it, and are diagnosed without.
func TestHeldProfilerIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{testLog: testLog{t}}
		l := newLab(t, holmes.WithLogger(log), holmes.WithBaseline(5*time.Minute),
			holmes.WithSource(rising("load", 3000), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindCPU, holmes.KindGoroutine))
		for _, k := range []holmes.Kind{holmes.KindHeap, holmes.KindGoroutine} { // that cost nothing
			l.SetCapture(k, 0, writes([]byte("x")))
		}
		l.profiler.Foreign(true)
		l.run(t)
		seconds(3020)
		e := l.event(t) // and not 15 s later
		require.Nil(t, e.Profile(holmes.KindCPU))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.Contains(t, e.Profiles[len(e.Profiles)-1].Note, "held for ")
		seconds(1000)
		require.Equal(t, []string{
			"warn holmes: the CPU profiler is held by the application or another profiler: meanwhile events and the baseline have no CPU profile",
		}, log.with("the CPU profiler is held"))
		require.Empty(t, log.with("free again"))

		l.profiler.Foreign(false)
		seconds(1000)
		require.Len(t, log.with("info holmes: the CPU profiler is free again, after "), 1)
		require.Len(t, log.with("the CPU profiler is held"), 1)
		require.NotEmpty(t, l.profiler.Begun())
	})
}
