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
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

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

		require.NoError(t, l.Set(holmes.WithFullStack(true)))
		e, err = l.CaptureNow(t.Context(), holmes.KindHeap)
		require.NoError(t, err)
		text, err = os.ReadFile(filepath.Join(e.Dir, "heap.txt"))
		require.NoError(t, err)
		require.Contains(t, string(text), "main.site1 ", "all of them, if asked for")
		require.NoError(t, l.Set(holmes.WithBinaryDump()))
		e, err = l.CaptureNow(t.Context(), holmes.KindHeap)
		require.NoError(t, err)
		require.NoFileExists(t, filepath.Join(e.Dir, "heap.txt"))
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
		require.NotEmpty(t, begun)
		require.WithinDuration(t, begun[0], cpu.Start, 0)
		require.Equal(t, 14*time.Second, cpu.Duration)
		require.Equal(t, cpu.Start.UnixNano(), parse(t, cpu).TimeNanos)
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
		l := newLab(t, holmes.WithReporter(down), holmes.WithDumpAge(2*time.Hour)).run(t)
		_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
		require.NoError(t, err)
		seconds(10 * 60)
		begin := time.Now()
		l.Stop()
		require.Zero(t, time.Since(begin), "a pause is not waited for")
		require.Equal(t, 1, l.Stats().Reporters[1].Waiting)

		require.NoError(t, l.Start())
		seconds(5 * 3600)
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
			if !d.IsDir() { // the store's own
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), d.Name())
				continue
			}
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
