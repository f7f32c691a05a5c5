package holmes_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The interval may be given twice, and set many times within one tick; zero is
// refused.
func TestIntervalNeitherHangsNorPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCollectInterval("5s"), holmes.WithCollectInterval("1s")).run(t)
		for range 100 {
			require.NoError(t, l.Set(holmes.WithCollectInterval("500ms")))
			require.NoError(t, l.Set(holmes.WithCollectInterval("1s"), holmes.WithCollectInterval("250ms")))
		}
		require.ErrorContains(t, l.Set(holmes.WithCollectInterval("0s")), `WithCollectInterval: "0s"`)
		seconds(10)
		require.EqualValues(t, 40, l.Stats().Ticks)
	})
}

// Cycles of Start and Stop leave no goroutine behind, and Stop returns after the
// capture under way, whose profile is kept.
func TestStopJoinsEverythingAndKeepsTheCapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble ends only if every goroutine has
		l := newLab(t)
		for range 20 {
			require.NoError(t, l.Start())
			l.Stop()
		}
		require.NoError(t, l.Start())
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(5)
		l.Stop()
		e := l.event(t)
		require.Equal(t, holmes.StateUnconfirmed, e.State)
		onDisk := testkit.Must(holmes.LoadEvent(e.Dir))(t)
		parsed := parse(t, onDisk.Profile(holmes.KindCPU))
		require.NotEmpty(t, parsed.Sample)
	})
}

// Stop during a CPU capture keeps what was captured and returns at once;
// here with the runtime's own profiler, which takes up to 200 ms to stop.
func TestStopKeepsTheCPUProfileUnderWay(t *testing.T) {
	var took []time.Duration
	for range testkit.Heavy(5, 1) {
		got := &collector{}
		h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(nil),
			holmes.WithCPUSamplingTime("60s"))
		require.NoError(t, err)
		require.NoError(t, h.Start())
		done := make(chan *holmes.Event, 1)
		go func() {
			e, _ := h.CaptureNow(context.Background(), holmes.KindCPU)
			done <- e
		}()
		require.Eventually(t, profiling, 10*time.Second, time.Millisecond)
		begin := time.Now()
		h.Stop()
		took = append(took, time.Since(begin))
		e := <-done
		require.NotNil(t, e)
		require.NotNil(t, e.Profile(holmes.KindCPU), "%+v", e.Profiles)
		require.Positive(t, parse(t, e.Profile(holmes.KindCPU)).DurationNanos)
		require.Len(t, got.all(), 1, "the event is delivered before Stop returns")
	}
	slices.Sort(took)
	limit := 30 * time.Second // half of what the profile would take: a machine may be busy
	if testkit.IsHeavy() {
		limit = 500 * time.Millisecond
	}
	require.Less(t, took[len(took)/2], limit, "median of %v", took)
}

// profiling reports whether the process's CPU profiler is running.
func profiling() bool {
	var all bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
	return bytes.Contains(all.Bytes(), []byte("runtime/pprof.profileWriter"))
}

// 1000 cycles of Start and Stop leave no goroutine and no descriptor.
func TestStartAndStopLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	h := testkit.Must(holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(&collector{}), holmes.WithLogger(nil)))(t)
	cycle := func() {
		require.NoError(t, h.Start())
		h.Stop()
	}
	cycle() // what the runtime opens once
	files := descriptors(t, dir)
	for range testkit.Heavy(1000, 250) {
		cycle()
	}
	require.Eventually(t, func() bool { return ours() == 0 }, 10*time.Second, time.Millisecond)
	require.Equal(t, files, descriptors(t, dir))
}

// descriptors counts the open ones on what an instance with this dump path
// keeps open. Other tests may have left theirs.
func descriptors(t *testing.T, dir string) (n int) {
	t.Helper()
	return testkit.Descriptors(t, "/proc/", "/sys/fs/cgroup/", dir)
}

// 10 000 concurrent calls of all methods do not race, and the instance works
// afterwards.
func TestConcurrentCallsAreSafe(t *testing.T) {
	got := &collector{}
	dir := t.TempDir()
	h := testkit.Must(holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithLogger(nil)))(t)
	files := descriptors(t, dir)
	calls := []func(i int){
		func(int) { _ = h.Start() },
		func(int) { h.Stop() },
		func(i int) {
			_ = h.Set(holmes.WithCPUDump(i%50, 25, 70, time.Minute), holmes.WithCollectInterval("10ms"))
		},
		func(int) { h.EnableCPUDump().DisableMemDump() },
		func(int) { h.DisableCPUDump().EnableMemDump() },
		func(int) { h.Stats() },
		func(int) { h.WhyNot(holmes.SignalCPU) },
		func(int) { h.EnableProfileReporter() },
	}
	testkit.Together(100, func(first int) {
		for i := first; i < 10_000; i += 100 {
			calls[(first+i/100)%len(calls)](i)
		}
	})
	h.Stop()
	require.Equal(t, files, descriptors(t, dir))
	require.NoError(t, h.Start())
	require.NoError(t, testkit.Err(h.CaptureNow(t.Context(), holmes.KindGoroutine)))
	h.Stop()
	manual := 0
	for _, e := range got.all() { // the load itself may have been suspected
		if e.Trigger.Reason.Code == holmes.CodeManual {
			manual++
		}
	}
	require.Equal(t, 1, manual)
	require.Zero(t, h.Stats().Bugs)
}

// Set is all or nothing.
func TestSetIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		err := l.Set(holmes.WithCollectInterval("10ms"), holmes.WithCPUDump(-1, 25, 70, time.Minute), holmes.WithCPUCore(-2))
		require.ErrorContains(t, err, "WithCPUDump: Min -1")
		require.ErrorContains(t, err, "WithCPUCore: cores -2", "every wrong option is named")
		seconds(100)
		require.EqualValues(t, 100, l.Stats().Ticks, "the good one of them was not taken either")
	})
}

// 10 000 concurrent calls of Set lose no tick.
func TestSetLosesNoTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		testkit.Together(100, func(first int) {
			<-time.After(time.Duration(first) * 10 * time.Millisecond)
			for i := range 100 { // over 100 synthetic seconds
				_ = l.Set(holmes.WithCPUDump(10+i%10, 25, 70, time.Minute))
				<-time.After(time.Second)
			}
		})
		require.EqualValues(t, 100, l.Stats().Ticks)
		require.Zero(t, l.Stats().Late)
	})
}
