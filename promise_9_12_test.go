package holmes_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// The numbers are those of the project's promises.

// P9: a reporter that blocks for ever and ignores its context.
func TestPromise9HungReporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := newStuck()
		l := newLab(t, holmes.WithReporter(hung))
		require.NoError(t, l.Start())
		for range 3 {
			_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
			require.NoError(t, err)
		}
		seconds(600)
		require.EqualValues(t, 600, l.Stats().Ticks, "ticks go on")
		require.Len(t, l.got.all(), 3, "the other reporter is unaffected")
		require.Len(t, hung.entered, 1, "it is not called again")
		require.Equal(t, 3, l.Stats().Reporters[1].Waiting)
		require.Equal(t, 600*time.Second, l.Stats().Reporters[1].Held)

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		err := l.Shutdown(ctx)
		require.ErrorIs(t, err, holmes.ErrHeld)
		require.ErrorContains(t, err, "reporter *holmes_test.stuck")
		require.Equal(t, 3*time.Second, time.Since(begin), "at its deadline")
		synctest.Wait()
		require.Equal(t, 1, ours(), "one goroutine is held")

		require.NoError(t, l.Start())
		seconds(60)
		require.Len(t, hung.entered, 1, "nor by the next run")
		close(hung.release)
		seconds(1)
		require.Zero(t, l.Stats().Reporters[1].Waiting, "what waited is delivered when it returns")
		l.Stop()
	})
}

// P10: panics of every foreign part, 1000 times. The part is switched off after
// some in a row, counted, and on again later.
func TestPromise10PanicsOfForeignCode(t *testing.T) {
	minutes := heavy(1000, 60)
	synctest.Test(t, func(t *testing.T) {
		src, rep, log, lab := &panicky{}, &panicky{}, &panicky{}, &panicky{}
		l := newLab(t, holmes.WithReporter(rep), holmes.WithLogger(log),
			holmes.WithLabelFunc(func() map[string]string { lab.boom(); return nil }),
			holmes.WithSource(src, holmes.Threshold{Abs: 1}, holmes.KindGoroutine),
			holmes.WithSource(steady("odd"), panickyRule{}, holmes.KindGoroutine),
			holmes.WithDumpLimits(10, 1<<20)).run(t)
		for range minutes {
			_, err := l.CaptureNow(t.Context(), holmes.KindThreadcreate)
			require.NoError(t, err)
			seconds(60)
		}
		synctest.Wait()
		s := l.Stats()
		require.EqualValues(t, 60*minutes, s.Ticks)
		require.Zero(t, s.Bugs)
		require.Len(t, l.got.all(), minutes, "who behaves is not disturbed")
		for name, count := range map[string]uint64{
			"reporter": s.Reporters[1].Panics, "logger": s.LoggerPanics, "labels": s.LabelPanics, "source": signal(l.Holmes, src.Signal()).Panics,
		} {
			require.Greater(t, count, uint64(minutes/10), "%s: it is tried again after each rest", name)
		}
		require.EqualValues(t, src.calls.Load(), signal(l.Holmes, src.Signal()).Panics)
		require.Less(t, src.calls.Load(), int64(20*minutes), "it rests after panics in a row")
		require.Contains(t, l.WhyNot("odd"), "the rule")

		// A part that has mended is used again.
		require.NoError(t, l.Set(holmes.WithLabelFunc(func() map[string]string { return map[string]string{"mended": "yes"} })))
		seconds(61)
		e, err := l.CaptureNow(t.Context(), holmes.KindThreadcreate)
		require.NoError(t, err)
		require.Equal(t, "yes", e.Labels["mended"])
	})
}

// P10: after some panics in a row a part is not called for a minute.
func TestPromise10PartRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rep, lab := &panicky{}, &panicky{}
		l := newLab(t, holmes.WithReporter(rep),
			holmes.WithLabelFunc(func() map[string]string { lab.boom(); return nil })).run(t)
		capture := func(n int) {
			for range n {
				_, err := l.CaptureNow(t.Context(), holmes.KindThreadcreate)
				require.NoError(t, err)
			}
			synctest.Wait()
		}
		capture(20)
		require.EqualValues(t, 5, lab.calls.Load())
		seconds(50)
		capture(1)
		require.EqualValues(t, 5, lab.calls.Load(), "not within the minute")
		seconds(11)
		capture(1)
		require.EqualValues(t, 6, lab.calls.Load(), "and after it once, to see")
		rested := 0
		for range 600 { // it is retried with pauses of random length
			seconds(1)
			if l.Stats().Reporters[1].Resting {
				rested++
			}
		}
		require.Less(t, rep.calls.Load(), int64(20), "the reporter rests too")
		require.Greater(t, rested, 60)
	})
}

type panickyRule struct{}

func (panickyRule) Eval(*holmes.Ring, holmes.Sample) (holmes.Reason, bool) { panic("rule") }

// steady is a source that always reads 1.
type steady holmes.Signal

func (s steady) Signal() holmes.Signal               { return holmes.Signal(s) }
func (steady) Read(time.Time) (holmes.Sample, error) { return holmes.Sample{Value: 1}, nil }

// P11: Stop during a CPU capture keeps what was captured and returns at once;
// here with the runtime's own profiler, which takes up to 200 ms to stop.
func TestPromise11StopDuringCPUCapture(t *testing.T) {
	var took []time.Duration
	for range heavy(5, 1) {
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
	if isHeavy() {
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

// P11: 1000 cycles of Start and Stop leave no goroutine and no descriptor.
func TestPromise11ThousandCycles(t *testing.T) {
	dir := t.TempDir()
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(&collector{}), holmes.WithLogger(nil))
	require.NoError(t, err)
	cycle := func() {
		require.NoError(t, h.Start())
		h.Stop()
	}
	cycle() // what the runtime opens once
	files := descriptors(t, dir)
	for range 1000 {
		cycle()
	}
	require.Eventually(t, func() bool { return ours() == 0 }, 10*time.Second, time.Millisecond)
	require.Equal(t, files, descriptors(t, dir))
}

// descriptors counts the open ones on what an instance with this dump path
// keeps open, where the system tells. Other tests may have left theirs.
func descriptors(t *testing.T, dir string) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("descriptors are not counted here: %v", err)
	}
	for _, fd := range all {
		to, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name()))
		if err != nil {
			continue // the one that reads the directory
		}
		for _, place := range []string{"/proc/", "/sys/fs/cgroup/", dir} {
			if strings.HasPrefix(to, place) {
				n++
			}
		}
	}
	return n
}

// P11: 10 000 concurrent calls of everything, for the race detector, and then
// it works as if nothing had been.
func TestPromise11ConcurrentCalls(t *testing.T) {
	got := &collector{}
	dir := t.TempDir()
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithLogger(nil))
	require.NoError(t, err)
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
	var wg sync.WaitGroup
	for i := range 10_000 {
		wg.Go(func() { calls[i%len(calls)](i) })
	}
	wg.Wait()
	h.Stop()
	require.Equal(t, files, descriptors(t, dir))
	require.NoError(t, h.Start())
	_, err = h.CaptureNow(t.Context(), holmes.KindGoroutine)
	require.NoError(t, err)
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

// P12: Set is all or nothing.
func TestPromise12SetIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		err := l.Set(holmes.WithCollectInterval("10ms"), holmes.WithCPUDump(-1, 25, 70, time.Minute), holmes.WithCPUCore(-2))
		require.ErrorContains(t, err, "WithCPUDump: Min -1")
		require.ErrorContains(t, err, "WithCPUCore: cores -2", "every wrong option is named")
		seconds(100)
		require.EqualValues(t, 100, l.Stats().Ticks, "the good one of them was not taken either")
	})
}

// P12: 10 000 concurrent calls of Set lose no tick.
func TestPromise12SetLosesNoTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		var wg sync.WaitGroup
		for i := range 10_000 {
			wg.Go(func() {
				<-time.After(time.Duration(i) * 10 * time.Millisecond) // over 100 synthetic seconds
				_ = l.Set(holmes.WithCPUDump(10+i%10, 25, 70, time.Minute))
			})
		}
		wg.Wait()
		seconds(1)
		require.EqualValues(t, 100, l.Stats().Ticks)
		require.Zero(t, l.Stats().Late)
	})
}
