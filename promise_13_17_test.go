package holmes_test

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// P13: someone else profiles: no empty file, the event has its reason, and it
// tries again within the event.
func TestPromise13ForeignProfiler(t *testing.T) {
	t.Run("throughout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, holmes.WithSource(rising("load", 60), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindCPU, holmes.KindGoroutine)).run(t)
			l.profiler.Foreign(true)
			seconds(180)
			require.Len(t, l.got.all(), 1)
			e := l.got.all()[0]
			require.Nil(t, e.Profile(holmes.KindCPU))
			require.NotNil(t, e.Profile(holmes.KindGoroutine))
			require.NoFileExists(t, filepath.Join(e.Dir, "cpu.pb.gz"))
			require.ErrorContains(t, e.Profiles[len(e.Profiles)-1].Err, "in use by the application")
		})
	})
	t.Run("for a while", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, holmes.WithSource(rising("load", 60), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindCPU)).run(t)
			l.profiler.Foreign(true)
			seconds(68)
			l.profiler.Foreign(false)
			seconds(60)
			require.Len(t, l.got.all(), 1)
			cpu := l.got.all()[0].Profile(holmes.KindCPU)
			require.NotNil(t, cpu)
			require.Contains(t, cpu.Note, "waited")
			require.NotEmpty(t, parse(t, cpu).Sample)
		})
	})
}

// rising is a source that reads 10, and 90 from second n on.
func rising(name holmes.Signal, n int) holmes.Source {
	begin := time.Now()
	return sourceFunc{name, func(now time.Time) (holmes.Sample, error) {
		if now.Sub(begin) < time.Duration(n)*time.Second {
			return holmes.Sample{Value: 10}, nil
		}
		return holmes.Sample{Value: 90}, nil
	}}
}

type sourceFunc struct {
	name holmes.Signal
	read func(time.Time) (holmes.Sample, error)
}

func (s sourceFunc) Signal() holmes.Signal                     { return s.name }
func (s sourceFunc) Read(now time.Time) (holmes.Sample, error) { return s.read(now) }

// P14: two instances in one process share the profiler and both have their
// profile.
func TestPromise14TwoInstancesShareCaptures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newLab(t), newLab(t, holmes.WithCPUDump(10, 25, 60, time.Minute))
		a.profiler.Share(a.Holmes, b.Holmes)
		a.run(t)
		b.run(t)
		seconds(60)
		a.host.CPU(func() float64 { return 90 })
		seconds(5)
		b.host.CPU(func() float64 { return 90 })
		seconds(40)
		for _, l := range []*lab{a, b} {
			require.Len(t, l.got.all(), 1)
			require.NotEmpty(t, parse(t, l.got.all()[0].Profile(holmes.KindCPU)).Sample)
		}
		require.GreaterOrEqual(t, a.got.all()[0].Profile(holmes.KindCPU).Duration, 13*time.Second)
		require.GreaterOrEqual(t, b.got.all()[0].Profile(holmes.KindCPU).Duration, 13*time.Second)
	})
}

// P15: one tick of a real host allocates nothing.
func TestPromise15TickAllocatesNothing(t *testing.T) {
	for name, h := range map[string]*holmes.Holmes{"default signals": neverFires(t), "all signals": withAll(neverFires(t))} {
		t.Run(name, func(t *testing.T) {
			tick, end := holmes.TickOnce(h)
			defer end()
			for range 200 { // past the warm-up
				tick()
			}
			require.Zero(t, testing.AllocsPerRun(1000, tick))
		})
	}
}

// P15: a capture that would not fit under the limit is refused, with the
// reason; one that fits streams to disk.
func TestPromise15CaptureThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.host.Memory(1<<30 - 3<<20) // 3 MiB under the limit
		asked := 0
		l.SetCapture(holmes.KindHeap, 4<<20, func(io.Writer) error { asked++; return nil })
		l.SetCapture(holmes.KindGoroutine, 2<<20, func(w io.Writer) error {
			_, direct := w.(*bytes.Buffer)
			require.False(t, direct, "it goes to the disk, not into memory")
			_, err := io.WriteString(w, "fits")
			return err
		})
		l.run(t)
		seconds(5)
		e, err := l.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine)
		require.NoError(t, err)
		require.Zero(t, asked)
		require.ErrorIs(t, e.Profiles[0].Err, holmes.ErrNoRoom)
		require.ErrorContains(t, e.Profiles[0].Err, "needs about 4096 KiB of 3072 KiB")
		require.Nil(t, e.Profile(holmes.KindHeap))
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
	})
}

// P17: a wall clock that is set, summer time and a suspend move no cool-down,
// no interval and no order.
func TestPromise17WallClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithDailyBudget(100))
		var step atomic.Int64
		l.SetWall(func() time.Time { return time.Now().Add(time.Duration(step.Load())).Round(0) })
		l.run(t)
		const years = 10 * 365 * 24 * time.Hour
		ids := []string{}
		for _, shift := range []time.Duration{0, years, -years, time.Hour, -time.Hour, 0}[heavy(0, 2):] {
			step.Store(int64(shift))
			l.host.CPU(func() float64 { return 5 })
			seconds(4 * 3600) // the back-off is over
			before := len(l.got.all())
			l.host.CPU(func() float64 { return 90 })
			seconds(20)
			step.Add(int64(years)) // in the middle of the cool-down
			l.host.CPU(func() float64 { return 5 })
			seconds(10)
			l.host.CPU(func() float64 { return 90 })
			seconds(25)
			require.Contains(t, l.WhyNot(holmes.SignalCPU), "cooling down")
			synctest.Wait()
			require.Len(t, l.got.all(), before+1, "shift %v", shift)
			ids = append(ids, l.got.all()[before].ID)
		}
		require.True(t, slices.IsSorted(ids), "%v", ids)
		require.Zero(t, l.Stats().Late)
	})
}
