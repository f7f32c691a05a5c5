package holmes_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
	h := testkit.Must(holmes.New(opts...))(t)
	if mode == "calm" || mode == "panic" {
		h.Disable(holmes.SignalCPU, holmes.SignalThread)
	}
	require.NoError(t, h.Start())
	switch mode {
	case "calm":
		select {}
	case "panic":
		go func() { panic("the sky is falling") }()
		select {}
	}
	for sum := 1; sum != 0; {
		sum += burnCPU()
	}
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
func runKilled(t *testing.T, mode, dir, until string) {
	t.Helper()
	exe := testkit.Must(os.Executable())(t)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestKilledChild$")
	cmd.Env = append(os.Environ(), killedEnv+"="+mode, killedDirEnv+"="+dir)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, until))
		if err != nil || len(found) == 0 {
			return false
		}
		info, err := os.Stat(found[0])
		return err == nil && info.Size() > 0
	}, time.Minute, 10*time.Millisecond)
	if mode != "panic" {
		require.NoError(t, cmd.Process.Kill())
	}
	err := cmd.Wait()
	_, failed := errors.AsType[*exec.ExitError](err)
	require.True(t, failed, "%v", err)
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
