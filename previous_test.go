package holmes_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// killedEnv makes TestKilledChild the process that is killed. It holds what it
// does, and the dump path.
const (
	killedEnv    = "HOLMES_TEST_KILLED"
	killedDirEnv = "HOLMES_TEST_KILLED_DIR"
)

// TestKilledChild is the process whose end the tests below tell of.
func TestKilledChild(t *testing.T) {
	mode, dir := os.Getenv(killedEnv), os.Getenv(killedDirEnv)
	if mode == "" {
		return // it is nothing of its own
	}
	opts := []holmes.Option{
		holmes.WithDumpPath(dir), holmes.WithCollectInterval("100ms"), holmes.WithLogger(nil),
		holmes.WithReporter(&collector{}), // for which what it leaves is waiting
		holmes.WithCrashOutput(mode == "panic"), holmes.WithMemoryWatch(false),
		holmes.WithRule(holmes.SignalCPU, undecided{}),
	}
	if mode == "loop" {
		// A run is over before it reports those before it, which it does a tick after Start.
		opts = append(opts, holmes.WithCrashOutput(true), holmes.WithDumpLimits(10, 1<<20), holmes.WithCollectInterval("1m"))
	}
	before := latestCrash(dir)
	h := testkit.Must(holmes.New(opts...))(t)
	if mode != "busy" {
		h.Disable(holmes.SignalCPU, holmes.SignalThread)
	}
	require.NoError(t, h.Start())
	switch mode {
	case "calm":
		select {}
	case "panic":
		require.Eventually(t, func() bool { return latestCrash(dir) > before && h.Stats().Ticks > 5 }, time.Minute, time.Millisecond)
		go func() { panic("the sky is falling") }()
		select {}
	case "loop": // with a text of some 100 KB
		require.Eventually(t, func() bool { return latestCrash(dir) > before }, time.Minute, time.Millisecond)
		debug.SetTraceback("all")
		for range 300 {
			go func() { select {} }()
		}
		panic("bad configuration")
	case "deferred":
		defer h.Stop()
		for h.Stats().Ticks < 5 { // the box is opened after the first
			runtime.Gosched()
		}
		panic("in main")
	}
	for sum := 1; sum != 0; {
		sum += burnCPU()
	}
}

// latestCrash returns the name of the newest file for the text of a crash, "" if there is
// none.
func latestCrash(dir string) string {
	found, _ := filepath.Glob(filepath.Join(dir, "blackbox", "*.crash"))
	if len(found) == 0 {
		return ""
	}
	return slices.Max(found)
}

// undecided suspects something for ever.
type undecided struct{}

// Pace returns one that never confirms.
func (undecided) Pace() holmes.Pace { return holmes.Pace{Window: time.Minute, Hold: time.Hour} }

// Eval always fires.
func (undecided) Eval(*holmes.Ring, holmes.Sample) (holmes.Reason, bool) {
	return holmes.Reason{Code: "undecided"}, true
}

//go:noinline
func burnCPU() (n int) {
	for i := range 1_000_000 {
		n += i * i
	}
	return n
}

// runKilled runs a child until something of it is on disk, and kills it.
func runKilled(t *testing.T, mode, dir, until string, env ...string) {
	t.Helper()
	cmd := killedChild(t, mode, dir, env...)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, until))
		if err != nil || len(found) == 0 {
			return false
		}
		info, err := os.Stat(found[0])
		return err == nil && info.Size() > 0
	}, time.Minute, 10*time.Millisecond)
	if mode != "panic" && mode != "deferred" {
		require.NoError(t, cmd.Process.Kill())
	}
	err := cmd.Wait()
	_, failed := errors.AsType[*exec.ExitError](err)
	require.True(t, failed, "%v", err)
}

// killedChild returns the command of a child.
func killedChild(t *testing.T, mode, dir string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testkit.Must(os.Executable())(t), "-test.run=^TestKilledChild$")
	cmd.Env = append(append(os.Environ(), killedEnv+"="+mode, killedDirEnv+"="+dir), env...)
	return cmd
}

// next starts holmes where a child was killed, and returns what it reports
// within a moment.
func next(t *testing.T, dir string, enough func([]*holmes.Event) bool) []*holmes.Event {
	t.Helper()
	got := &collector{}
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithLogger(testLog{t}),
		holmes.WithCollectInterval("20ms"))
	require.NoError(t, err)
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
	require.NoError(t, h.Start())
	defer h.Stop()
	require.Eventually(t, func() bool {
		return enough(got.all()) || (h.Stats().Ticks > 100 && len(got.all()) == 0)
	}, 30*time.Second, 10*time.Millisecond)
	return got.all()
}

func ofProcess(events []*holmes.Event) *holmes.Event {
	for _, e := range events {
		if e.Trigger.Sample.Signal == holmes.SignalProcess {
			return e
		}
	}
	return nil
}

// A process that is killed in the middle of a CPU event leaves the profile so
// far, and its last minute in the black box: the next start tells of both.
func TestKilledInTheMiddleOfAnEvent(t *testing.T) {
	testkit.Parallel(t)
	dir := t.TempDir()
	runKilled(t, "busy", dir, "2*-cpu-*/cpu.pb.gz")
	events := next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil && len(all) > 1 })
	require.Len(t, events, 2)
	for _, e := range events {
		if e.Trigger.Sample.Signal == holmes.SignalProcess {
			continue
		}
		require.Equal(t, holmes.SignalCPU, e.Trigger.Sample.Signal)
		require.Equal(t, holmes.StateUnconfirmed, e.State)
		cpu := e.Profile(holmes.KindCPU)
		require.NotNil(t, cpu)
		require.NotEmpty(t, parse(t, cpu).Sample)
		require.GreaterOrEqual(t, cpu.Duration, time.Second)
	}

	e := ofProcess(events)
	require.NotNil(t, e)
	require.Equal(t, holmes.CodeCrash, e.Trigger.Reason.Code)
	require.Contains(t, e.Trigger.Sentence(), "a previous run ended without Stop at ")
	require.Contains(t, e.Trigger.Sentence(), "; last event: CPU ")
	require.Equal(t, e.Trigger.Sentence(), e.Sentence(), "there are no profiles to diagnose")
	p := e.Readings.PreviousRun
	require.NotNil(t, p)
	require.Equal(t, "cpu suspected", p.LastState)
	require.Contains(t, p.LastEvent, "-cpu-")
	require.NotEmpty(t, p.Samples)
	require.True(t, slices.ContainsFunc(p.Samples, func(s holmes.PastSample) bool { return s.CPUPercent > 0 }), "how busy depends on the machine")
	require.Positive(t, p.Samples[0].MemoryUsed)
	require.WithinDuration(t, time.Now(), p.Ended, time.Minute)

	files := testkit.Must(os.ReadDir(filepath.Join(dir, "blackbox")))(t)
	require.LessOrEqual(t, len(files), 1, "that of the dead process has gone")
	require.Empty(t, next(t, dir, func([]*holmes.Event) bool { return false }), "it is told once")
}

// A calm process that is killed is no event.
func TestKilledWhileCalm(t *testing.T) {
	testkit.Parallel(t)
	dir := t.TempDir()
	runKilled(t, "calm", dir, "blackbox/*.box")
	require.Empty(t, next(t, dir, func([]*holmes.Event) bool { return false }))
}

// The text of a crash is in the event, if the application wants that.
func TestCrashOutput(t *testing.T) {
	dir := t.TempDir()
	runKilled(t, "panic", dir, "blackbox/*.crash")
	e := ofProcess(next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil }))
	require.NotNil(t, e)
	require.Contains(t, e.Trigger.Sentence(), "in a crash: panic: the sky is falling")
	require.Contains(t, e.Readings.PreviousRun.Crash, "TestKilledChild")
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
}

// Two services of one user may share a dump path. The end of a run is told by its own
// service, under the name of the instance that has died.
func TestPreviousRunOfAnotherService(t *testing.T) {
	dir := t.TempDir()
	runKilled(t, "busy", dir, "2*-cpu-*/cpu.pb.gz", "OTEL_SERVICE_NAME=payments", "POD_NAME=payments-1")

	t.Setenv("OTEL_SERVICE_NAME", "search")
	t.Setenv("POD_NAME", "search-1")
	boxes := func() []string { return testkit.Must(filepath.Glob(filepath.Join(dir, "blackbox", "*.box")))(t) }
	left := boxes()
	require.Len(t, left, 1)
	looks := 0
	events := next(t, dir, func(all []*holmes.Event) bool {
		if len(all) > 0 && len(boxes()) > 1 { // its own, which it opens when it has taken over those of others
			looks++
		}
		return ofProcess(all) != nil || looks > 100 // by then the end of payments is reported
	})
	require.Nil(t, ofProcess(events))
	require.FileExists(t, left[0], "it is left to its own service")
	require.Len(t, events, 1, "the unfinished event is delivered by any process that shares the path")
	require.Equal(t, "payments-1", events[0].Labels["instance"])

	t.Setenv("OTEL_SERVICE_NAME", "payments")
	t.Setenv("POD_NAME", "payments-2")
	e := ofProcess(next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil }))
	require.NotNil(t, e)
	require.Equal(t, "payments", e.Labels["service"])
	require.Equal(t, "payments-1", e.Labels["instance"])
}

// A deferred Stop runs in a panic too, and is no orderly end.
func TestStopInAPanic(t *testing.T) {
	testkit.Parallel(t)
	dir := t.TempDir()
	runKilled(t, "deferred", dir, "blackbox/*.box")
	e := ofProcess(next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil }))
	require.NotNil(t, e)
	require.Contains(t, e.Trigger.Sentence(), "a previous run was stopped in a panic in github.com/go-holmes/holmes_test.TestKilledChild (previous_test.go:")
}

// A process that crashes at once, again and again, stays within the limits of the dump
// path, and all of its crashes are counted.
func TestCrashLoopStaysWithinTheLimits(t *testing.T) {
	const limit, runs = 1 << 20, 12
	dir := t.TempDir()
	for range runs {
		require.Error(t, killedChild(t, "loop", dir).Run())
		var bytes int64
		require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			info := testkit.Must(d.Info())(t)
			if bytes += info.Size(); d.IsDir() {
				bytes -= info.Size()
			}
			return err
		}))
		require.LessOrEqual(t, bytes, int64(limit))
	}
	events := next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil })
	e := ofProcess(events)
	require.NotNil(t, e)
	require.Len(t, events, 1, "the latest crashes of a loop are one report")
	require.Contains(t, e.Trigger.Sentence(), "in a crash: panic: bad configuration")
	require.Contains(t, e.Trigger.Sentence(), "earlier runs ended without Stop, too")
	require.GreaterOrEqual(t, int(e.Readings.PreviousRun.Earlier), runs-2) // and one or two have a box
}

// In a pod a run that ends without Stop is an abnormal end if its container is started
// again. A rollout is none.
func TestContainerStartedAgain(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	for pod, abnormal := range map[string]bool{"web-1": true, "web-2": false} {
		dir := t.TempDir()
		runKilled(t, "calm", dir, "blackbox/*.box", "POD_NAME=web-1")
		t.Setenv("POD_NAME", pod)
		e := ofProcess(next(t, dir, func(all []*holmes.Event) bool { return ofProcess(all) != nil }))
		require.Equal(t, abnormal, e != nil, pod)
	}
}
