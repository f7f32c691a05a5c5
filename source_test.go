package holmes_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A custom signal goes the same way as a built-in one.
func TestCustomSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithSource(rising("queue", 60), holmes.Threshold{Min: 20, Diff: 50, Hold: 5 * time.Second}, holmes.KindGoroutine)).run(t)
		seconds(90)
		e := l.event(t)
		require.EqualValues(t, "queue", e.Trigger.Sample.Signal)
		require.EqualValues(t, 10, e.Trigger.Baseline)
		require.Equal(t, "queue 90 for 5 s: 800 % above its 59-second mean of 10 (rule: 50 %)", e.Trigger.Sentence())
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.Nil(t, e.Profile(holmes.KindHeap))
	})
}

// A source that comes with Set while holmes runs is read from then on.
func TestSourceAddedWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(5)
		require.NoError(t, l.Set(holmes.WithSource(steady("late"), holmes.Threshold{Abs: 5})))
		seconds(5)
		require.Contains(t, l.WhyNot("late"), "late 1")
		l.Disable("late")
		seconds(2)
		require.Equal(t, "late: disabled", l.WhyNot("late"))
	})
}

// A source that fails, or that reads what is no number, degrades its own
// signal and heals.
func TestSourceErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answer atomic.Pointer[reading]
		src := sourceFunc{"flaky", func(time.Time) (holmes.Sample, error) {
			r := answer.Load()
			return holmes.Sample{Value: r.value}, r.err
		}}
		answer.Store(&reading{value: 1})
		l := newLab(t, holmes.WithSource(src, holmes.Threshold{Abs: 5})).run(t)
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			answer.Store(&reading{value: bad})
			seconds(5)
			require.Contains(t, l.WhyNot("flaky"), "is no number")
			answer.Store(&reading{value: 1})
			seconds(61)
			require.Contains(t, l.WhyNot("flaky"), "flaky 1")
		}
		answer.Store(&reading{err: errors.New("gone")})
		seconds(5)
		require.Contains(t, l.WhyNot("flaky"), "cannot be read: source: gone")
		require.Empty(t, l.got.all())
	})
}

type reading struct {
	value float64
	err   error
}

// A source that does not return holds one goroutine, and is shown.
func TestSourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int64
		src := sourceFunc{"hung", func(time.Time) (holmes.Sample, error) {
			calls.Add(1)
			<-release
			return holmes.Sample{Value: 1}, nil
		}}
		l := newLab(t, holmes.WithSource(src, holmes.Threshold{Abs: 5})).run(t)
		seconds(60)
		require.EqualValues(t, 60, l.Stats().Ticks)
		require.Contains(t, l.WhyNot("hung"), "does not return")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorContains(t, l.Shutdown(ctx), "source hung")
		require.NoError(t, l.Start())
		seconds(10)
		require.EqualValues(t, 1, calls.Load(), "it is not entered twice")
		close(release)
		seconds(2)
		require.Contains(t, l.WhyNot("hung"), "hung 1")
	})
}

// Labels come from the process, the options and the function, in this order.
func TestLabels(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=sh%20op,secret=x")
	t.Setenv("POD_NAME", "shop-1")
	t.Setenv("POD_NAMESPACE", "prod")
	t.Setenv("SECRET", "hunter2")
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithLabels(map[string]string{"team": "cart", "namespace": "", "tier": "1"}),
			holmes.WithLabelFunc(func() map[string]string { return map[string]string{"tier": "2"} })).run(t)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		delete(e.Labels, "version")
		delete(e.Labels, "revision")
		require.Equal(t, map[string]string{"service": "sh op", "instance": "shop-1", "team": "cart", "tier": "2"}, e.Labels)
	})
}

// A label function that hangs costs the event a second, once.
func TestLabelFuncThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := newLab(t, holmes.WithLabelFunc(func() map[string]string { <-release; return nil })).run(t)
		for i, want := range []time.Duration{time.Second, 0} {
			begin := time.Now()
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
			require.Equal(t, want, time.Since(begin), "capture %d", i)
		}
		close(release)
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

// Readings that fail are tried again, and the other signals go on.
func TestFailedReadingHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.SetFail(errors.New("no descriptors"))
		seconds(600)
		require.ErrorContains(t, l.Stats().Signals[0].Err, "no descriptors")
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "cannot be read: no descriptors")
		require.NoError(t, l.Stats().Signals[3].Err, "the goroutine signal goes on")
		l.host.SetFail(nil)
		seconds(61)
		require.NoError(t, l.Stats().Signals[0].Err)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		require.Len(t, l.got.all(), 1)
	})
}
