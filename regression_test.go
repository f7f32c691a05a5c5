package holmes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
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
		ring := holmes.NewTestRing(120, v, v, v, v, v, v, v, v, v, v, v)
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

// 11. The GC heap's percentage assumed GOGC=100, and a profile was used as a
// printf format in the log. (The percentage: TestGCHeapIsRightForAnyGOGC.)
func TestRegression11ProfileIsNoFormat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := &lineLog{}
		l := newLab(t, holmes.WithLogger(lines), holmes.WithDumpToLogger(true), holmes.WithLabels(map[string]string{"a": "%d%s%!"}))
		l.run(t)
		_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
		require.NoError(t, err)
		l.Stop()
		all := strings.Join(lines.all(), "\n")
		require.Contains(t, all, "goroutine.pb.gz")
		require.Contains(t, all, " %\n", "a percent sign before a line's end, which a format would mangle")
		for _, damage := range []string{"%!", "(MISSING)", "NOVERB"} {
			require.NotContains(t, all, damage)
		}
	})
}

// lineLog keeps formatted lines.
type lineLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *lineLog) add(f string, a []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(f, a...))
}

func (l *lineLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}
func (l *lineLog) Debugf(f string, a ...any) { l.add(f, a) }
func (l *lineLog) Infof(f string, a ...any)  { l.add(f, a) }
func (l *lineLog) Warnf(f string, a ...any)  { l.add(f, a) }
func (l *lineLog) Errorf(f string, a ...any) { l.add(f, a) }

// 12. The text form kept the ten smallest records: see also internal/pproftext.
func TestRegression12TextKeepsTheLargest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithTextDump())
		l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error { return heapOfSizes(40).Write(w) })
		l.run(t)
		e, err := l.CaptureNow(t.Context(), holmes.KindHeap)
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join(e.Dir, "heap.txt"))
		require.NoError(t, err)
		require.Contains(t, string(text), "main.site40 ")
		require.Contains(t, string(text), "main.site31 ")
		require.NotContains(t, string(text), "main.site30 ")
		require.Less(t, bytes.Index(text, []byte("site40 ")), bytes.Index(text, []byte("site39 ")))
	})
}

// heapOfSizes is a heap profile of n sites, the i-th with i MiB.
func heapOfSizes(n int) *profile.Profile {
	p := &profile.Profile{
		SampleType:        []*profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
		DefaultSampleType: "inuse_space", PeriodType: &profile.ValueType{Type: "space", Unit: "bytes"}, Period: 512 << 10,
	}
	for i := 1; i <= n; i++ {
		f := &profile.Function{ID: uint64(i), Name: fmt.Sprintf("main.site%d", i), Filename: "main.go"}
		loc := &profile.Location{ID: uint64(i), Line: []profile.Line{{Function: f, Line: int64(i)}}}
		v := int64(i) << 20
		p.Function, p.Location = append(p.Function, f), append(p.Location, loc)
		p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{loc}, Value: []int64{1, v, 1, v}})
	}
	return p
}

// 13. A CPU profile was filed under the ten seconds before it was taken.
func TestRegression13CPUProfileIsFiledUnderItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		cpu := l.got.all()[0].Profile(holmes.KindCPU)
		begun := l.profiler.Begun()
		require.Len(t, begun, 1)
		require.WithinDuration(t, begun[0], cpu.Start, 0)
		require.Equal(t, 14*time.Second, cpu.Duration)
		require.EqualValues(t, cpu.Start.UnixNano(), parse(t, cpu).TimeNanos)
	})
}

// 14. One failed reading ended the watcher for ever.
func TestRegression14FailedReadingHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.SetFail(errors.New("no descriptors"))
		seconds(600)
		require.ErrorContains(t, l.Stats().Signals[0].Err, "no descriptors")
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "cannot be read: no descriptors")
		require.NoError(t, l.Stats().Signals[3].Err, "the goroutine lane is unharmed")
		l.host.SetFail(nil)
		seconds(61)
		require.NoError(t, l.Stats().Signals[0].Err)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		require.Len(t, l.got.all(), 1)
	})
}

// 15. Stop waited for the pauses between retries; retries had no end, no
// deadline and no cap.
func TestRegression15RetriesEndAndStopDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &failing{}
		l := newLab(t, holmes.WithReporter(down)).run(t)
		_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
		require.NoError(t, err)
		seconds(10 * 60)
		begin := time.Now()
		l.Stop()
		require.Zero(t, time.Since(begin), "a pause is not waited for")
		require.Equal(t, 1, l.Stats().Reporters[1].Waiting)

		require.NoError(t, l.Start())
		seconds(3 * 3600)
		s := l.Stats().Reporters[1]
		require.Zero(t, s.Waiting, "it gave up")
		require.EqualValues(t, 1, s.Dropped["gave up"])
		for i := 1; i < len(down.at); i++ {
			require.LessOrEqual(t, down.at[i].Sub(down.at[i-1]), time.Minute+time.Millisecond, "a pause is capped")
		}
		require.True(t, down.deadline, "each call has a deadline")
	})
}

type failing struct {
	at       []time.Time
	deadline bool
}

func (f *failing) Report(ctx context.Context, _ *holmes.Event) error {
	f.at = append(f.at, time.Now())
	_, f.deadline = ctx.Deadline()
	return errors.New("receiver is down")
}

// 16. An exported lock, exported fields of unexported types. (The data races:
// TestPromise11.)
func TestRegression16NothingInternalIsExported(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			body, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range body.Fields.List {
				base := field.Type
				if star, ok := base.(*ast.StarExpr); ok {
					base = star.X
				}
				id, plain := base.(*ast.Ident)
				foreign := plain && !id.IsExported() && id.Obj != nil // of this package
				if len(field.Names) == 0 {
					_, sel := base.(*ast.SelectorExpr)
					require.False(t, sel, "%s embeds a type of another package", spec.Name)
					require.False(t, foreign, "%s embeds %v", spec.Name, base)
				}
				for _, fn := range field.Names {
					require.False(t, fn.IsExported() && foreign, "%s.%s has an unexported type", spec.Name, fn)
				}
			}
			return true
		})
	}
}

// 17. Dump files were readable by all in /tmp, names of the same millisecond
// were appended to each other, and nothing bounded count or bytes.
func TestRegression17FilesArePrivateUniqueAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithDumpLimits(5, 1<<20)).run(t)
		seen := map[string]bool{}
		for range 20 { // the clock of the bubble stands still: all at the same instant
			e, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
			require.NoError(t, err)
			require.False(t, seen[e.ID])
			seen[e.ID] = true
		}
		seconds(1)
		s := l.Stats().Dump
		require.LessOrEqual(t, s.Events, 5)
		require.LessOrEqual(t, s.Bytes, int64(1<<20))
		dirs, err := os.ReadDir(l.dir)
		require.NoError(t, err)
		for _, d := range dirs {
			info, err := d.Info()
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), d.Name())
			files, err := os.ReadDir(filepath.Join(l.dir, d.Name()))
			require.NoError(t, err)
			for _, f := range files {
				info, err := f.Info()
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f.Name())
			}
		}
	})
}
