package holmes_test

import (
	"context"
	"io"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The process is as it was, however the event ends.
func TestMutexFractionIsPutBack(t *testing.T) {
	for name, c := range map[string]struct {
		hold time.Duration
		do   func(t *testing.T, l *lab)
	}{
		"stopped in the middle": {15 * time.Second, func(t *testing.T, l *lab) {
			l.Stop()
			e := l.got.all()[0]
			require.Equal(t, holmes.StateUnconfirmed, e.State)
			require.Equal(t, 3*time.Second, e.Profile(holmes.KindMutex).Duration, "with what there is")
		}},
		"dismissed": {15 * time.Second, func(t *testing.T, l *lab) {
			require.NoError(t, l.Set(holmes.WithRule("queue", holmes.Threshold{Abs: 99})))
			seconds(2)
			require.EqualValues(t, 1, signal(l.Holmes, "queue").Dismissed)
		}},
		"turned off": {15 * time.Second, func(t *testing.T, l *lab) {
			l.Disable("queue")
			seconds(2)
		}},
		"no hold": {0, func(t *testing.T, l *lab) {
			seconds(3)
			require.Equal(t, 5*time.Second, l.got.all()[0].Profile(holmes.KindMutex).Duration, "the sampling time")
		}},
		"a hold of minutes": {10 * time.Minute, func(t *testing.T, l *lab) {
			seconds(58)
			require.Empty(t, l.got.all())
		}},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t, locking(c.hold)).run(t)
			seconds(60)
			contendAt(0b1, 100)
			seconds(3)
			require.Equal(t, holmes.LockFraction, fraction())
			c.do(t, l)
			if l.Stats().Running && signal(l.Holmes, "queue").Enabled {
				require.Equal(t, holmes.LockArmed, fraction())
				l.Stop()
			}
			require.Zero(t, fraction())
		})
	}
}

// A panic of ours in the middle, which is caught, puts it back too.
func TestMutexFractionIsPutBackAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, locking(5*time.Second, holmes.KindGoroutine), holmes.WithLogger(nil))
		taken := 0
		l.SetCapture(holmes.KindMutex, 0, func(w io.Writer) error {
			if taken++; taken > 1 {
				require.Equal(t, holmes.LockFraction, fraction())
				panic("bug")
			}
			return pprof.Lookup("mutex").WriteTo(w, 0)
		})
		l.run(t)
		seconds(80)
		require.Equal(t, holmes.LockArmed, fraction())
		l.Stop()
		require.Zero(t, fraction())
		require.EqualValues(t, 1, l.Stats().Bugs)
		require.Len(t, l.got.all(), 1, "the event is delivered all the same")
		e := l.got.all()[0]
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.ErrorContains(t, e.Profiles[len(e.Profiles)-1].Err, "panic")
	})
}

// The application's fraction is used and left alone, whenever it is set.
func TestMutexFractionOfTheApplication(t *testing.T) {
	event := func(t *testing.T, meanwhile func()) *holmes.Profile {
		t.Helper()
		var p *holmes.Profile
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, locking(15*time.Second)).run(t)
			seconds(61)
			contendAt(0b1, 100)
			meanwhile()
			contendAt(0b1, 100)
			seconds(20)
			p = l.event(t).Profile(holmes.KindMutex)
			require.NotNil(t, p)
			counts := contended(t, p)
			require.Len(t, counts, 1)
			require.Positive(t, counts[0b1])
		})
		return p
	}
	t.Run("all along", func(t *testing.T) {
		fractionIs(t, 2)
		contendAt(0b11, 50) // counted, but not of the event
		p := event(t, func() { require.Equal(t, 2, fraction()) })
		require.Equal(t, 2, fraction())
		require.Contains(t, p.Note, "1 in 2 of them, as the application has set it")
	})
	t.Run("from the middle on", func(t *testing.T) {
		fractionIs(t, 0)
		p := event(t, func() { runtime.SetMutexProfileFraction(3) })
		require.Equal(t, 3, fraction())
		require.Contains(t, p.Note, "1 in 7 of them; then the application changed it to 1 in 3")
	})
	t.Run("turned off in the middle", func(t *testing.T) {
		fractionIs(t, 2)
		p := event(t, func() { runtime.SetMutexProfileFraction(0) })
		require.Zero(t, fraction())
		require.Contains(t, p.Note, "1 in 2 of them, as the application has set it; then the application turned it off")
	})
	testkit.Bubble(t, "for a while, and then as it was found", func(t *testing.T) {
		l := newLab(t, locking(15*time.Second)).run(t)
		seconds(65)
		found := runtime.SetMutexProfileFraction(5)
		seconds(20)
		require.Equal(t, 5, fraction())
		runtime.SetMutexProfileFraction(found) // which was ours, of an event that is over
		seconds(2)
		require.Equal(t, holmes.LockArmed, fraction())
		l.Stop()
		require.Zero(t, fraction())
	})
}

// Several instances and events at once: on from the first to the last.
func TestMutexFractionIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLab(t, locking(15*time.Second)).run(t)
		seconds(5)
		b := newLab(t, locking(15*time.Second), holmes.WithSource(rising("other", 70), holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindMutex)).run(t)
		seconds(56) // a since 1 s
		for second := 61; second < 90; second++ {
			require.Equal(t, holmes.LockFraction, fraction(), "second %d", second)
			contendAt(0b1, 20)
			seconds(1)
		}
		seconds(5)
		require.Equal(t, holmes.LockArmed, fraction())
		b.Stop()
		require.Equal(t, holmes.LockArmed, fraction(), "for the other")
		a.Stop()
		require.Zero(t, fraction())
		for _, l := range []*lab{a, b} {
			for _, e := range l.got.all() {
				p := e.Profile(holmes.KindMutex)
				require.NotNil(t, p, e.ID)
				require.Equal(t, 15*time.Second, p.Duration)
				require.InDelta(t, 15*20, contended(t, p)[0b1], 250, "its own time, not that of the others")
			}
		}
		require.Len(t, a.got.all(), 1)
		require.Len(t, b.got.all(), 2)
	})
}

// Where evidence does not begin with the suspicion, recording does not either.
func TestMutexFractionOfAFlappingSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		flap := sourceFunc{"flap", func(now time.Time) (holmes.Sample, error) {
			s := int(now.Sub(begin) / time.Second)
			if s > 60*20 || s%60 == 30 {
				return holmes.Sample{Value: 90}, nil
			}
			return holmes.Sample{}, nil
		}}
		l := newLab(t, holmes.WithSource(flap, holmes.Threshold{Abs: 50, Hold: 15 * time.Second}, holmes.KindMutex)).run(t)
		for range 60*20 - 1 {
			seconds(1)
			if signal(l.Holmes, "flap").Suspected > 12 {
				require.Equal(t, holmes.LockArmed, fraction())
			}
		}
		seconds(10)
		require.Equal(t, holmes.LockArmed, fraction(), "suspected, without evidence")
		seconds(8)
		require.Equal(t, holmes.LockFraction, fraction(), "confirmed")
		contendAt(0b1, 100)
		seconds(10)
		require.Equal(t, holmes.LockArmed, fraction())
		require.Equal(t, 5*time.Second, l.event(t).Profile(holmes.KindMutex).Duration)
	})
}

// However often and by whomever it is started and stopped, turned on and off,
// and asked.
func TestMutexFractionAfterConcurrentCalls(t *testing.T) {
	got := &collector{}
	calls := []func(h *holmes.Holmes){
		func(h *holmes.Holmes) { _ = h.Start() },
		func(h *holmes.Holmes) { h.Stop() },
		func(h *holmes.Holmes) { h.Enable(holmes.SignalMutexWait) },
		func(h *holmes.Holmes) { h.Disable(holmes.SignalMutexWait) },
		func(h *holmes.Holmes) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			_, _ = h.CaptureNow(ctx, holmes.KindMutex)
		},
	}
	var all []*holmes.Holmes
	for range 2 {
		h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(nil), holmes.WithCollectInterval("10ms"))
		require.NoError(t, err)
		all = append(all, h)
	}
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() { calls[i%len(calls)](all[i/len(calls)%len(all)]) })
	}
	wg.Wait()
	for _, h := range all {
		h.Stop()
		require.Zero(t, h.Stats().Bugs)
	}
	require.Zero(t, fraction())
}
