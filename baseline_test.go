package holmes_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/testkit"
)

// baselines returns the rounds that are on disk.
func baselines(t *testing.T, dir string) []string {
	t.Helper()
	dirs := testkit.Must(filepath.Glob(filepath.Join(dir, "2*-baseline-*")))(t)
	return dirs
}

// Rounds are close at first, then as far apart as the option says, and one is
// kept on disk.
func TestBaselineRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(5*time.Minute))
		for _, k := range []holmes.Kind{holmes.KindHeap, holmes.KindGoroutine} { // that cost nothing
			l.SetCapture(k, 0, writes([]byte("x")))
		}
		l.run(t)
		begin := time.Now()
		seconds(3600)
		begun := l.profiler.Begun()
		require.InDelta(t, 11, begun[0].Sub(begin).Seconds(), 5)
		var gaps []float64
		for i := range begun[1:] {
			gaps = append(gaps, begun[i+1].Sub(begun[i]).Seconds())
		}
		for i, want := range []float64{22, 44, 88, 176, 300, 300, 300, 300} {
			require.InDelta(t, want, gaps[i], want/4+3, "%v", gaps)
		}
		s := l.Stats().Baseline
		require.EqualValues(t, len(begun), s.Rounds)
		require.WithinDuration(t, begun[len(begun)-1], s.At, time.Second)
		require.NoError(t, s.Err)
		require.Len(t, baselines(t, l.dir), 1, "in place of the one before")
		e := testkit.Must(holmes.LoadEvent(baselines(t, l.dir)[0]))(t)
		require.Equal(t, holmes.StateDismissed, e.State, "it is not reported")
		require.Equal(t, 10*time.Second, e.Profile(holmes.KindCPU).Duration, "the last ten seconds")
		require.EqualValues(t, 10*time.Second, parse(t, e.Profile(holmes.KindCPU)).DurationNanos)
		require.NotNil(t, e.Profile(holmes.KindHeap))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.Empty(t, l.got.all())
	})
}

// None is taken while something is suspected or under way, nor soon after.
func TestBaselineIsTakenWhileCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(10*time.Second))
		for _, kind := range []holmes.Kind{holmes.KindHeap, holmes.KindGoroutine} {
			l.SetCapture(kind, 0, func(w io.Writer) error { // what a real one costs is real, whatever the clock
				return testkit.Err(w.Write([]byte("x")))
			})
		}
		l.run(t)
		seconds(300)
		before := l.Stats().Baseline
		require.Greater(t, before.Rounds, uint64(5))
		onset := time.Now()
		l.host.Memory(900 << 20)
		seconds(60)
		require.Len(t, l.got.all(), 1)
		l.host.Memory(50 << 20)
		seconds(9 * 60)
		during := l.Stats().Baseline
		require.LessOrEqual(t, during.Rounds, before.Rounds+1, "one may have been under way")
		require.WithinDuration(t, onset, during.At, time.Minute)
		seconds(180)
		require.Greater(t, l.Stats().Baseline.Rounds, during.Rounds)
	})
}

// A round that ends in a suspicion is not what is normal.
func TestBaselineIsForgottenWhenSomethingBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(10*time.Second))
		l.SetCapture(holmes.KindGoroutine, 0, func(w io.Writer) error {
			l.host.Memory(900 << 20)
			<-time.After(1500 * time.Millisecond) // a tick comes
			return testkit.Err(w.Write([]byte("x")))
		})
		l.run(t)
		seconds(60)
		require.Zero(t, l.Stats().Baseline.Rounds)
		require.Empty(t, baselines(t, l.dir))
	})
}

// An expensive round delays the next.
func TestBaselineKeepsToItsShare(t *testing.T) {
	scale := testkit.Heavy(2, 1) // of the time, and of what a round takes
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(10*time.Second))
		l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error {
			burn(time.Duration(scale) * 100 * time.Millisecond)
			return testkit.Err(w.Write([]byte("x")))
		})
		l.run(t)
		seconds(scale * 900)
		s := l.Stats().Baseline
		require.Greater(t, s.Rounds, uint64(2))
		require.Less(t, s.CPU, time.Duration(scale)*900*time.Millisecond*14/10, "a thousandth of a core, %d rounds", s.Rounds)
	})
}

// burn takes CPU time, which is real in synthetic time too.
func burn(d time.Duration) {
	begun, err := procstat.ThreadCPUTime()
	for now := begun; err == nil && now-begun < d; {
		now, err = procstat.ThreadCPUTime()
	}
}

// A part that fails is logged, and the others are kept.
func TestBaselineWithoutTheProfiler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(time.Minute))
		l.profiler.Foreign(true)
		l.SetCapture(holmes.KindHeap, 0, writes(make([]byte, 600<<10)))
		l.run(t)
		seconds(60)
		s := l.Stats().Baseline
		require.NotZero(t, s.Rounds)
		require.ErrorContains(t, s.Err, "cpu: the CPU profiler is in use")
		require.ErrorContains(t, s.Err, "heap: larger than 512 KiB")
		e := testkit.Must(holmes.LoadEvent(baselines(t, l.dir)[0]))(t)
		require.Len(t, e.Profiles, 1)
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
	})
}

// A restart has what the run before has left, unless the build is another.
func TestBaselineOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := newLab(t, holmes.WithBaseline(time.Minute))
		first.profiler.SetIdle(0.9)
		first.host.Tmpfs(1 << 20)
		first.run(t)
		seconds(60)
		was := first.Stats().Baseline.At
		first.Stop()

		again := newLab(t, holmes.WithBaseline(time.Minute), holmes.WithDumpPath(first.dir)).run(t)
		seconds(7)
		s := again.Stats().Baseline
		require.True(t, was.Equal(s.At), "%v is not %v", s.At, was)
		require.Zero(t, s.Rounds)
		again.host.CPU(func() float64 { return 90 })
		seconds(40)
		require.Contains(t, again.got.all()[0].Sentence(), "main.busy (main.go:7) took 100 % of the extra CPU")
		if runtime.GOOS == "linux" { // where the parts of memory are known
			again.host.Tmpfs(900 << 20)
			seconds(40)
			require.Contains(t, again.got.all()[1].Sentence(), "of 899 MiB extra memory Go's heap has")
			require.Contains(t, again.got.all()[1].Sentence(), "tmpfs files and shared memory 899 MiB")
		}
		again.Stop()

		other := newLab(t, holmes.WithBaseline(time.Minute), holmes.WithDumpPath(first.dir))
		other.SetBuild("another")
		other.run(t)
		seconds(7)
		require.Zero(t, other.Stats().Baseline.At)
		require.NoError(t, errors.Join(os.RemoveAll(first.dir)))
	})
}

// Two services that share a path have a baseline each, of which near misses leave the
// latest, and none is compared with the other's.
func TestBaselineBelongsToOneService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, at := t.TempDir(), map[string]time.Time{}
		service := func(name string) *lab {
			return newLab(t, holmes.WithDumpPath(dir), holmes.WithBaseline(time.Minute),
				holmes.WithLabels(map[string]string{"service": name})).run(t)
		}
		for _, name := range []string{"shop", "till"} {
			l := service(name)
			seconds(90)
			at[name] = l.Stats().Baseline.At
			require.NotZero(t, at[name])
			l.Stop()
		}
		s := testkit.Must(dump.Open(dir, dump.Options{}))(t)
		for n := range 6 { // near misses
			e := testkit.Must(s.Create(fmt.Sprintf("%s-cpu-%d", time.Now().UTC().Format(dump.IDLayout), n)))(t)
			require.NoError(t, e.Close(dump.Class{Disposable: true}))
		}
		require.Len(t, baselines(t, dir), 2)
		for name, want := range at {
			l := service(name)
			seconds(7)
			got := l.Stats().Baseline.At
			require.True(t, got.Equal(want), "%s: %v is not %v", name, got, want)
			l.Stop()
		}
		other := service("kiosk")
		seconds(7)
		require.Zero(t, other.Stats().Baseline.At)
		other.Stop()
	})
}

// A round that was being written when its process was killed is no event.
func TestBaselineCutShortIsNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(time.Minute))
		alive := t.TempDir()
		s := testkit.Must(dump.Open(alive, dump.Options{}))(t)
		id := time.Now().UTC().Format(dump.IDLayout)
		for _, name := range []string{"-baseline-00000001", "-mem-00000002"} {
			e := testkit.Must(s.Create(id+name, l.Stats().Reporters[0].Name))(t)
			_, err := e.Write("heap.pb.gz", func(w io.Writer) error { return pprof.Lookup("heap").WriteTo(w, 0) })
			require.NoError(t, err)
		}
		require.NoError(t, os.CopyFS(l.dir, os.DirFS(alive))) // whose owner's lock is not held
		l.run(t)
		seconds(120)
		require.Equal(t, holmes.SignalMem, l.event(t).Trigger.Sample.Signal)
	})
}

// The event says what is normal, has what the diagnosis needs, and is compared.
func TestEventIsComparedWithBaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithBaseline(time.Minute))
		l.profiler.SetIdle(0.9)
		l.run(t)
		seconds(120)
		l.profiler.SetIdle(0.05)
		l.host.CPU(func() float64 { return 60 })
		seconds(60)
		e := l.event(t)
		require.Equal(t, "CPU 60 % for 15 s, normal 2 %: main.busy (main.go:7) took 100 % of the extra CPU", e.Sentence())
		require.True(t, e.Diagnosis.Confident)
		require.Contains(t, e.Profile(holmes.KindHeap).Note, "for the diagnosis")
		summary := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "summary.txt")))(t)
		require.Contains(t, string(summary), "above its 2-minute mean", "why it was noticed is there too")

		require.NoError(t, l.Set(holmes.WithBaseline(0)))
		l.host.CPU(func() float64 { return 2 })
		seconds(1200)
		l.host.CPU(func() float64 { return 95 })
		seconds(60)
		last := l.got.all()[len(l.got.all())-1]
		require.Contains(t, last.Sentence(), "nothing to compare with")
		require.Len(t, last.Profiles, 1)
	})
}
