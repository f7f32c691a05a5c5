package holmes_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A CPU profile is on disk before its event is decided, and at any moment a
// whole one: what was written down of it survives the process.
func TestCPUProfileIsOnDiskMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		var lengths []time.Duration
		for range 15 {
			seconds(1)
			dirs := testkit.Must(filepath.Glob(filepath.Join(l.dir, "2*-cpu-*")))(t)
			require.Len(t, dirs, 1)
			e := testkit.Must(holmes.LoadEvent(dirs[0]))(t)
			require.Equal(t, holmes.StateSuspected, e.State)
			cpu := e.Profile(holmes.KindCPU)
			if cpu == nil {
				continue
			}
			raw := parse(t, cpu)
			require.Equal(t, cpu.Duration, time.Duration(raw.DurationNanos))
			if n := len(lengths); n == 0 || lengths[n-1] != cpu.Duration {
				lengths = append(lengths, cpu.Duration)
			}
		}
		require.Equal(t, []time.Duration{2 * time.Second, 6 * time.Second}, lengths)
		seconds(30)
		e := l.event(t)
		require.Len(t, e.Profiles, 1, "one file, however often it was cut")
		require.Equal(t, 14*time.Second, e.Profiles[0].Duration)
		var sum time.Duration
		for _, s := range parse(t, &e.Profiles[0]).Sample {
			sum += time.Duration(s.Value[1])
		}
		require.Equal(t, 14*time.Second, sum, "nothing is lost")
	})
}

// The time of a CPU profile is that in which it was recorded.
func TestCPUProfileIsFiledUnderItsOwnTime(t *testing.T) {
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
