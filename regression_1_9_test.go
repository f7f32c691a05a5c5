package holmes_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// The numbers are those of the defects that were reproduced in peers.

// 1. Setting the interval twice within a tick deadlocked, giving it twice hung
// New, and zero panicked.
func TestRegression1IntervalNeitherHangsNorPanics(t *testing.T) {
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

// panicky panics in whatever it is asked.
type panicky struct{ calls atomic.Int64 }

func (p *panicky) boom() { p.calls.Add(1); panic("boom") }

func (p *panicky) Report(context.Context, *holmes.Event) error { p.boom(); return nil }
func (p *panicky) Debugf(string, ...any)                       { p.boom() }
func (p *panicky) Infof(string, ...any)                        { p.boom() }
func (p *panicky) Warnf(string, ...any)                        { p.boom() }
func (p *panicky) Errorf(string, ...any)                       { p.boom() }
func (p *panicky) Signal() holmes.Signal                       { return "panicky" }
func (p *panicky) Read(time.Time) (holmes.Sample, error)       { p.boom(); return holmes.Sample{}, nil }

// stuck does not return before it is released.
type stuck struct {
	entered chan struct{}
	release chan struct{}
}

func newStuck() *stuck { return &stuck{make(chan struct{}, 100), make(chan struct{})} }

func (s *stuck) Report(context.Context, *holmes.Event) error {
	s.entered <- struct{}{}
	<-s.release
	return nil
}

// 2. A panicking reporter, logger or source killed the process, and a reporter
// that never answered stopped all others.
func TestRegression2ForeignCodeCannotHurt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, hung := &panicky{}, newStuck()
		l := newLab(t, holmes.WithReporter(bad), holmes.WithReporter(hung), holmes.WithLogger(bad),
			holmes.WithSource(bad, holmes.Threshold{Abs: 1})).run(t)
		for range 3 {
			_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
			require.NoError(t, err)
			seconds(30)
		}
		synctest.Wait()
		require.Len(t, l.got.all(), 3)
		require.Len(t, hung.entered, 1)
		require.Positive(t, bad.calls.Load())
		require.EqualValues(t, 90, l.Stats().Ticks)
		close(hung.release)
	})
}

// 3. Twenty Stop/Start cycles left loops behind, and Stop returned before the
// capture under way, whose profile was lost.
func TestRegression3StopJoinsEverythingAndKeepsTheCapture(t *testing.T) {
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
		require.Len(t, l.got.all(), 1)
		e := l.got.all()[0]
		require.Equal(t, holmes.StateUnconfirmed, e.State)
		onDisk, err := holmes.LoadEvent(e.Dir)
		require.NoError(t, err)
		parsed := parse(t, onDisk.Profile(holmes.KindCPU))
		require.NotEmpty(t, parsed.Sample)
	})
}

func parse(t *testing.T, p *holmes.Profile) *profile.Profile {
	t.Helper()
	require.NotNil(t, p)
	f, err := p.Open()
	require.NoError(t, err)
	defer f.Close()
	parsed, err := profile.Parse(f)
	require.NoError(t, err)
	return parsed
}

// 4. A memory spike during a CPU profile was missed because one loop did both.
func TestRegression4MemorySpikeDuringCPUProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCPUSamplingTime("60s")).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(17)
		l.host.Memory(900 << 20) // while the profile has 45 s to go
		seconds(20)
		events := l.got.all()
		require.Len(t, events, 1, "the memory event does not wait for the CPU profile")
		require.Equal(t, holmes.SignalMem, events[0].Trigger.Sample.Signal)
		seconds(60)
		require.Len(t, l.got.all(), 2)
	})
}

// 5. A CPU profiler that was running already gave an empty file at every tick.
func TestRegression5ForeignCPUProfilerLeavesNoEmptyFile(t *testing.T) {
	var foreign bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&foreign))
	defer pprof.StopCPUProfile()
	got := &collector{}
	h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(testLog{t}))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	defer h.Stop()
	e, err := h.CaptureNow(t.Context(), holmes.KindCPU, holmes.KindGoroutine)
	require.NoError(t, err)
	require.Nil(t, e.Profile(holmes.KindCPU))
	require.NotNil(t, e.Profile(holmes.KindGoroutine))
	require.NoFileExists(t, filepath.Join(e.Dir, "cpu.pb.gz"))
	onDisk, err := holmes.LoadEvent(e.Dir)
	require.NoError(t, err)
	for _, p := range onDisk.Profiles {
		if p.Kind == holmes.KindCPU {
			require.Contains(t, p.Note, "in use by the application")
			return
		}
	}
	t.Fatal("the event does not say why there is no CPU profile")
}

// 6. An unwritable dump path meant that the reporter was never called.
func TestRegression6UnwritableDumpPathStillReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		l := newLab(t, holmes.WithDumpPath(filepath.Join(file, "sub"))).run(t)
		require.Error(t, l.Stats().Dump.Err)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		require.Len(t, l.got.all(), 1)
		e := l.got.all()[0]
		require.Empty(t, e.Dir)
		cpu := e.Profile(holmes.KindCPU)
		require.Empty(t, cpu.Path)
		require.NotEmpty(t, parse(t, cpu).Sample)
	})
}

// legacy is a reporter of mosn/holmes that keeps the very slices it is given.
type legacy struct {
	mu    sync.Mutex
	kinds []string
	got   [][]byte
	scene holmes.Scene
	why   holmes.ReasonType
}

func (l *legacy) Report(pType, _ string, why holmes.ReasonType, _ string, _ time.Time, raw []byte, scene holmes.Scene) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds, l.got = append(l.kinds, pType), append(l.got, raw)
	l.scene, l.why = scene, why
	return nil
}

// 7. A buffer that was reused for the next profile changed what the reporter
// was sending.
func TestRegression7ProfilesShareNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := &legacy{}
		l := newLab(t, holmes.WithProfileReporter(old), holmes.WithDumpPath("/dev/null/none"))
		n := 0
		l.SetCapture(holmes.KindGoroutine, 0, func(w io.Writer) error {
			n++
			_, err := fmt.Fprintf(w, "profile %d", n)
			return err
		})
		l.run(t)
		for range 3 {
			_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Equal(t, []string{"profile 1", "profile 2", "profile 3"}, []string{string(old.got[0]), string(old.got[1]), string(old.got[2])})
		old.got[0][0] = 'X' // it may even write into what it got
		require.Equal(t, "profile 2", string(old.got[1]))
	})
}

// 8. A flat line of small values fired a 25 % rule, by truncation.
func TestRegression8FlatLineNeverFires(t *testing.T) {
	for _, v := range []float64{0, 0.4, 1, 1.9, 2, 3, 3.99} {
		ring := holmes.NewRing(120, v, v, v, v, v, v, v, v, v, v, v)
		_, fires := holmes.Threshold{Diff: 25, Abs: 70}.Eval(ring, holmes.Sample{Value: v})
		require.Equal(t, v == 0, fires, "%v: only nothing is 25 %% above nothing", v)
		_, fires = holmes.Threshold{Diff: 25, Abs: 70, Margin: 10}.Eval(ring, holmes.Sample{Value: v})
		require.False(t, fires, "%v", v)
	}
}

// 9. A step during the warm-up was absorbed into the mean and never seen, and
// the warm-up after a restart was missing.
func TestRegression9StepDuringWarmUpIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		for restart := range 2 {
			require.NoError(t, l.Start())
			l.host.CPU(func() float64 { return 15 })
			seconds(5)
			require.Contains(t, l.WhyNot(holmes.SignalCPU), "warming up, 5 of 10 samples", "run %d", restart)
			l.host.CPU(func() float64 { return 60 }) // in the middle of the warm-up
			seconds(30)
			l.Stop()
			require.Len(t, l.got.all(), restart+1)
			e := l.got.all()[restart]
			require.Equal(t, holmes.CodeDiff, e.Trigger.Reason.Code)
			require.InDelta(t, 15, e.Trigger.Baseline, 0.1)
			l.host.CPU(func() float64 { return 15 })
			seconds(10)
		}
	})
}
