package holmes_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// slow is a signal that rises in second 60, whose events have goroutine
// profiles.
func slow(hold time.Duration) holmes.Option {
	return holmes.WithSource(rising("slow", 60), holmes.Threshold{Abs: 50, Hold: hold}, holmes.KindGoroutine)
}

// series are the goroutine profiles of an event.
func series(e *holmes.Event) (out []holmes.Profile) {
	for _, p := range e.Profiles {
		if p.Kind == holmes.KindGoroutine {
			out = append(out, p)
		}
	}
	return out
}

func TestWallClockStacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow(15*time.Second), holmes.WithWallClockStacks("slow", 50)).run(t)
		seconds(80)
		got := series(l.event(t))
		require.Len(t, got, 10)
		gaps := map[time.Duration]bool{}
		for i, p := range got {
			file := "goroutine.pb.gz"
			if i > 0 {
				file = fmt.Sprintf("goroutine-%d.pb.gz", i+1)
				gap := p.Start.Sub(got[i-1].Start)
				require.InDelta(t, time.Second/9, gap, float64(time.Second/18), "%d", i)
				gaps[gap] = true
			}
			require.Equal(t, file, p.File)
			require.FileExists(t, filepath.Join(l.got.all()[0].Dir, file))
			require.Equal(t, fmt.Sprintf("%d of 10 over a second, since CPU was at 2 %%", i+1), p.Note)
			require.NotEmpty(t, parse(t, &p).Sample)
		}
		require.Greater(t, len(gaps), 5, "not in step")
		require.Equal(t, "goroutine-10.pb.gz", l.got.all()[0].Profile(holmes.KindGoroutine).File, "the last speaks for them")
	})
}

// One goroutine profile is enough where no more are asked for, or a CPU profile tells.
func TestWallClockStacksOnlyWhereTheyTell(t *testing.T) {
	for name, c := range map[string]struct {
		opts []holmes.Option
		cpu  float64
		want int
	}{
		"not asked for":        {nil, 2, 1},
		"CPU is high":          {[]holmes.Option{holmes.WithWallClockStacks("slow", 50)}, 65, 1},
		"CPU is high, always":  {[]holmes.Option{holmes.WithWallClockStacks("slow", 101)}, 65, 10},
		"asked for, and taken": {[]holmes.Option{holmes.WithWallClockStacks("slow", 50), holmes.WithWallClockStacks("slow", 0)}, 2, 1},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t, append([]holmes.Option{slow(15 * time.Second)}, c.opts...)...)
			l.Disable(holmes.SignalCPU)
			l.host.CPU(func() float64 { return c.cpu })
			l.run(t)
			seconds(80)
			require.Len(t, series(l.got.all()[0]), c.want)
		})
	}
}

// The built-in signal for it has them by default.
func TestWallClockStacksOfSchedLat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := underPressure(t)
		l.run(t)
		seconds(60)
		for range 20 {
			s.Set(func(s *holmes.Pressure) { s.Delays.Counts[2] += 1000 })
			seconds(1)
		}
		e := l.event(t)
		require.Contains(t, e.Trigger.Sentence(), "scheduling latency 99 ms for 15 s")
		require.Len(t, series(e), 10)
		require.NotNil(t, e.Profile(holmes.KindCPU))
	})
}

// The more goroutines, the fewer profiles; then one, and why.
func TestWallClockStacksHaveABudget(t *testing.T) {
	for goroutines, want := range map[int]int{2000: 10, 5000: 6, 12_000: 1} {
		testkit.Bubble(t, fmt.Sprint(goroutines), func(t *testing.T) {
			l := newLab(t, slow(15*time.Second), holmes.WithWallClockStacks("slow", 50))
			l.Disable(holmes.SignalGoroutine)
			release := make(chan struct{})
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() { <-release })
			}
			l.run(t)
			seconds(80)
			got := series(l.got.all()[0])
			require.Len(t, got, want)
			if want == 1 {
				require.Regexp(t, `one only: of 12\d\d\d goroutines, 3 over a second would take 29\dms of CPU`, got[0].Note)
			}
			close(release)
			wg.Wait()
		})
	}
}

// A profile that cannot be taken ends the series, with the reason.
func TestWallClockStacksThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, slow(15*time.Second), holmes.WithWallClockStacks("slow", 50))
		taken := 0
		l.SetCapture(holmes.KindGoroutine, 0, func(w io.Writer) error {
			if taken++; taken > 3 {
				return errors.New("worn out")
			}
			return pprof.Lookup("goroutine").WriteTo(w, 0)
		})
		l.run(t)
		seconds(80)
		got := series(l.got.all()[0])
		require.Len(t, got, 4)
		require.ErrorContains(t, got[3].Err, "worn out")
		require.Equal(t, 4, taken)
	})
}

// A series ends when there is nothing to wait for any more.
func TestWallClockStacksEndEarly(t *testing.T) {
	for name, c := range map[string]struct {
		hold time.Duration
		do   func(l *lab)
		all  bool
	}{
		"stopped":   {15 * time.Second, func(l *lab) { l.Stop() }, false},
		"dismissed": {15 * time.Second, func(l *lab) { l.Disable("slow"); seconds(2) }, false},
		"no hold":   {0, func(*lab) { seconds(2) }, true},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t, slow(c.hold), holmes.WithWallClockStacks("slow", 50), holmes.WithCollectInterval("100ms")).run(t)
			<-time.After(60*time.Second + 400*time.Millisecond)
			begin := time.Now()
			c.do(l)
			dirs := testkit.Must(filepath.Glob(filepath.Join(l.Stats().Dump.Dir, "*-slow-*")))(t)
			require.Len(t, dirs, 1)
			e := testkit.Must(holmes.LoadEvent(dirs[0]))(t)
			if c.all {
				require.Len(t, series(e), 10)
				return
			}
			require.Greater(t, len(series(e)), 1)
			require.Less(t, len(series(e)), 8)
			if name == "stopped" {
				require.Zero(t, time.Since(begin))
				require.Equal(t, holmes.StateUnconfirmed, e.State)
			}
		})
	}
}
