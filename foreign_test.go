package holmes_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// panicky panics in whatever it is asked.
type panicky struct{ calls atomic.Int64 }

func (p *panicky) boom()                                       { p.calls.Add(1); panic("boom") }
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

func (s *stuck) Report(context.Context, *holmes.Event) error {
	s.entered <- struct{}{}
	<-s.release
	return nil
}

func newStuck() *stuck { return &stuck{make(chan struct{}, 100), make(chan struct{})} }

// A reporter, logger or source that panics does not end the process, and a
// reporter that never returns does not stop the others.
func TestForeignCodeCannotHurt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, hung := &panicky{}, newStuck()
		l := newLab(t, holmes.WithReporter(bad), holmes.WithReporter(hung), holmes.WithLogger(bad),
			holmes.WithSource(bad, holmes.Threshold{Abs: 1})).run(t)
		for range 3 {
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
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

// The numbers are those of the project's promises.

// A reporter that blocks for ever and ignores its context.
func TestHungReporterHoldsOneGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := newStuck()
		l := newLab(t, holmes.WithReporter(hung))
		require.NoError(t, l.Start())
		for range 3 {
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
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

// Panics of every foreign part, 1000 times. The part is switched off after
// some in a row, counted, and on again later.
func TestPanicsOfForeignCodeAreContained(t *testing.T) {
	minutes := testkit.Heavy(1000, 40)
	synctest.Test(t, func(t *testing.T) {
		src, rep, log, lab := &panicky{}, &panicky{}, &panicky{}, &panicky{}
		l := newLab(t, holmes.WithReporter(rep), holmes.WithLogger(log),
			holmes.WithLabelFunc(func() map[string]string { lab.boom(); return nil }),
			holmes.WithSource(src, holmes.Threshold{Abs: 1}, holmes.KindGoroutine),
			holmes.WithSource(steady("odd"), panickyRule{}, holmes.KindGoroutine),
			holmes.WithDumpLimits(10, 1<<20)).run(t)
		for range minutes {
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindThreadcreate)))
			seconds(60)
		}
		synctest.Wait()
		s := l.Stats()
		require.EqualValues(t, 60*minutes, s.Ticks)
		require.Zero(t, s.Bugs)
		require.Len(t, l.got.all(), minutes, "the other reporter is not disturbed")
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
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
		require.Equal(t, "yes", e.Labels["mended"])
	})
}

// After some panics in a row a part is not called for a minute.
func TestPanickingPartRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rep, lab := &panicky{}, &panicky{}
		l := newLab(t, holmes.WithReporter(rep),
			holmes.WithLabelFunc(func() map[string]string { lab.boom(); return nil })).run(t)
		capture := func(n int) {
			for range n {
				require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindThreadcreate)))
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
