package holmes_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// One event in each period, at another moment of each, whole and reported.
func TestContinuous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithContinuous(time.Minute, 10*time.Second)).run(t)
		begin := time.Now()
		const periods = 25
		seconds(periods * 60)
		got := l.got.all()
		require.Len(t, got, periods)
		moments := map[time.Duration]bool{}
		for i, e := range got {
			at := e.At.Sub(begin) - time.Duration(i)*time.Minute
			require.GreaterOrEqual(t, at, time.Duration(0))
			require.LessOrEqual(t, at, 50*time.Second, "it ends within its period")
			moments[at.Truncate(time.Second)] = true
			require.Equal(t, holmes.CodeContinuous, e.Trigger.Reason.Code)
			require.Equal(t, holmes.StateConfirmed, e.State)
			require.Equal(t, "captured by timetable", e.Sentence(), "it has no culprit")
			require.Len(t, e.Profiles, 3, "the heap once")
			require.Equal(t, 10*time.Second, e.Profile(holmes.KindCPU).Duration)
			require.Zero(t, e.Cost.ForcedGC)
		}
		require.Greater(t, len(moments), 10, "instances of a service must not profile at the same moment")
		require.EqualValues(t, periods, l.Stats().Continuous)
	})
}

// Continuous profiles do not reduce the time that events may have of the CPU
// profiler.
func TestContinuousLeavesTheProfilerToEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithContinuous(20*time.Second, 15*time.Second, holmes.KindCPU)).run(t)
		seconds(1000) // of them 750 under the profiler; events may have 360
		require.NoError(t, l.Set(holmes.WithContinuous(0, 0)))
		seconds(2)
		l.host.CPU(func() float64 { return 90 })
		seconds(60)
		for _, e := range l.got.all() {
			if e.Trigger.Sample.Signal == holmes.SignalCPU {
				require.NotNil(t, e.Profile(holmes.KindCPU), "%+v", e.Profiles)
				return
			}
		}
		require.Fail(t, "no CPU event")
	})
}

// Set changes the timetable and ends it, in the middle of a profile too.
func TestContinuousIsChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithContinuous(time.Hour, 59*time.Minute, holmes.KindCPU)).run(t)
		seconds(120)
		require.Len(t, l.profiler.Begun(), 1)
		require.NoError(t, l.Set(holmes.WithContinuous(time.Minute, time.Second, holmes.KindHeap)))
		seconds(1)
		require.NotEmpty(t, l.got.all()) // and the next one may be there already
		require.Less(t, l.got.all()[0].Profiles[0].Duration, 3*time.Minute, "it ends with what it has")
		seconds(300)
		n := len(l.got.all())
		require.InDelta(t, 6, n, 1)
		require.Equal(t, holmes.KindHeap, l.got.all()[n-1].Profiles[0].Kind)

		require.NoError(t, l.Set(holmes.WithContinuous(0, 0)))
		seconds(600)
		require.LessOrEqual(t, len(l.got.all()), n+1)
	})
}

// Where another has the profiler there are the other kinds; without any there
// is no event, and nothing is left on disk.
func TestContinuousBesideAnotherProfiler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithContinuous(time.Minute, time.Second, holmes.KindCPU, holmes.KindGoroutine))
		l.profiler.Foreign(true)
		l.run(t)
		seconds(60)
		e := l.event(t)
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.Contains(t, e.Profiles[1].Note, "in use")

		require.NoError(t, l.Set(holmes.WithContinuous(time.Minute, time.Second, holmes.KindCPU)))
		seconds(300)
		require.Len(t, l.got.all(), 1)
		require.Equal(t, 1, l.Stats().Dump.Events)
		l.profiler.Foreign(false)
		seconds(120)
		require.Greater(t, len(l.got.all()), 1)
	})
}

// A timetable never pushes anything else off the disk.
func TestContinuousMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithContinuous(10*time.Second, time.Second, holmes.KindHeap), holmes.WithDumpLimits(5, 64<<20)).run(t)
		var want []string
		for range 4 {
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
			want = append(want, e.ID)
		}
		seconds(300)
		s := testkit.Must(dump.Open(l.dir, dump.Options{MaxEvents: 5, MaxBytes: 64 << 20}))(t)
		ids := testkit.Must(s.List())(t)
		require.Len(t, ids, 5)
		require.Equal(t, want, ids[:4])
		require.NoError(t, s.Close())
	})
}
