package holmes_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// P2: the receiver is down for an hour, there is an event a minute, and the
// process is restarted twice meanwhile: all are delivered within a minute of its
// recovery, none twice.
func TestPromise2ReceiverDownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newReceiver("receiver")
		r.set(down)
		var want []string
		for life := range 3 {
			l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
			for range 20 {
				seconds(60)
				want = append(want, l.capture(t))
			}
			synctest.Wait()
			s := l.reporter(t, "receiver")
			require.Equal(t, len(want), s.Waiting)
			require.Positive(t, s.Failing)
			if life < 2 {
				l.Stop()
				continue
			}
			r.set(nil)
			seconds(60)
			s = l.reporter(t, "receiver")
			require.Zero(t, s.Waiting)
			require.Zero(t, s.Failing)
			require.EqualValues(t, 60, s.Delivered)
			require.Zero(t, l.Stats().Dump.Waiting)
		}
		got := r.ids()
		slices.Sort(got)
		require.Equal(t, want, got, "60 of 60, none twice")
		for _, id := range want {
			require.NotEmpty(t, parse(t, r.event(id).Profile(holmes.KindThreadcreate)).SampleType)
		}
	})
}

// What is delivered after a restart is what would have been delivered at once.
func TestDeliveredAfterRestartIsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		at := l.got.all()
		require.Len(t, at, 1)
		l.Stop()

		r.set(nil)
		next := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		seconds(1)
		require.Equal(t, []string{at[0].ID}, r.ids())
		e := r.event(at[0].ID)
		require.JSONEq(t, asJSON(t, at[0]), asJSON(t, e))
		require.Equal(t, at[0].Trigger.Reason.Rule, e.Trigger.Reason.Rule)
		require.Empty(t, next.got.all(), "who has it does not get it again")
		next.Stop()
	})
}

// P3: full jitter between nothing and a ceiling that doubles from a second to a
// minute.
func TestPromise3FullJitter(t *testing.T) {
	for failures := 1; failures < 100; failures++ {
		ceiling := time.Minute
		if failures <= 6 {
			ceiling = min(time.Second<<(failures-1), time.Minute)
		}
		least, most := ceiling, time.Duration(0)
		for range 1000 {
			pause := holmes.PauseAfter(failures, errDown)
			require.Positive(t, pause)
			require.LessOrEqual(t, pause, ceiling)
			least, most = min(least, pause), max(most, pause)
		}
		require.Less(t, least, ceiling/10, "after %d failures", failures)
		require.Greater(t, most, ceiling*9/10, "after %d failures", failures)
	}
}

type waitError struct{ d time.Duration }

func (e waitError) Error() string             { return fmt.Sprintf("wait %v", e.d) }
func (e waitError) RetryAfter() time.Duration { return e.d }

// P3: a Retry-After is honoured up to ten minutes, also by a Stop.
func TestPromise3RetryAfter(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{5 * time.Minute: 5 * time.Minute, time.Hour: 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r := newReceiver("receiver")
			r.set(func(*holmes.Event) error { return fmt.Errorf("busy: %w", waitError{asked}) })
			l := newLab(t, holmes.WithReporter(r)).run(t)
			l.capture(t)
			synctest.Wait()
			r.set(nil)
			l.capture(t)
			seconds(int(want.Seconds()) - 1)
			require.Len(t, r.attempts(), 1)
			seconds(2)
			require.Len(t, r.ids(), 2)
			require.WithinDuration(t, r.attempts()[0].Add(want), r.attempts()[1], time.Millisecond)

			r.set(func(*holmes.Event) error { return waitError{asked} })
			l.capture(t)
			synctest.Wait()
			before := len(r.attempts())
			l.Stop()
			require.Len(t, r.attempts(), before)
		})
	}
}

// P3: what is refused for good is set aside with the reason and never tried
// again, by this process or the next; what is not is tried until it succeeds.
func TestPromise3RefusedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		kept := l.capture(t)
		synctest.Wait()
		r.set(func(e *holmes.Event) error {
			if e.ID != kept {
				return holmes.Permanent(errors.New("413: larger than 4 MiB"))
			}
			return errDown
		})
		refused := l.capture(t)
		seconds(120)
		s := l.reporter(t, "receiver")
		require.Equal(t, map[string]uint64{"refused": 1}, s.Dropped)
		require.Equal(t, 1, s.Waiting)
		reason, err := os.ReadFile(filepath.Join(dir, refused, ".refused-receiver"))
		require.NoError(t, err)
		require.Equal(t, "413: larger than 4 MiB\n", string(reason))
		l.Stop()

		r.set(nil)
		newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		seconds(120)
		require.Equal(t, []string{kept}, r.ids())
	})
}

// One event that its receiver cannot take holds up no other.
func TestPoisonousEventHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		l := newLab(t, holmes.WithReporter(r)).run(t)
		r.set(down)
		var ids []string
		for range 20 {
			ids = append(ids, l.capture(t))
			seconds(60)
		}
		bad := ids[:7] // more than make a receiver that is down
		r.set(func(e *holmes.Event) error {
			if slices.Contains(bad, e.ID) {
				return errDown
			}
			return nil
		})
		seconds(5 * 60)
		require.ElementsMatch(t, ids[7:], r.ids())
		late := l.capture(t)
		seconds(61)
		require.Contains(t, r.ids(), late, "nor one that comes later")
		require.Equal(t, 7, l.reporter(t, "receiver").Waiting)
		r.set(nil)
		seconds(61)
		require.Zero(t, l.reporter(t, "receiver").Waiting)
	})
}

// A receiver that is down is not asked about every event that waits.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithReporter(r)).run(t)
		for range 50 {
			l.capture(t)
		}
		seconds(3600)
		// Pauses of 30 s on average, and some shorter ones at first.
		require.Less(t, len(r.attempts()), 200)
		require.Greater(t, len(r.attempts()), 80)
		r.set(nil)
		seconds(60)
		require.Zero(t, l.reporter(t, "receiver").Waiting)
		back := 0
		for i, id := range r.ids()[1:] {
			if id < r.ids()[i] {
				back++
			}
		}
		require.LessOrEqual(t, back, 2, "in their order, but for the one that got through and those that had failed first")
	})
}

// Reporters come and go while holmes runs, by their name.
func TestReportersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, other := newReceiver("x"), newReceiver("y"), newReceiver("other")
		first.set(down)
		l := newLab(t, holmes.WithNamedReporter("main", first)).run(t)
		a := l.capture(t)
		seconds(30)
		require.Equal(t, 1, l.reporter(t, "main").Waiting)

		require.NoError(t, l.Set(holmes.WithNamedReporter("main", nil), holmes.WithReporter(other)))
		seconds(1)
		b := l.capture(t)
		seconds(300)
		require.Equal(t, []string{b}, other.ids(), "what was before is not its business")
		require.Len(t, l.Stats().Reporters, 2)
		tries := len(first.attempts())
		seconds(300)
		require.Len(t, first.attempts(), tries, "it is gone")

		require.NoError(t, l.Set(holmes.WithNamedReporter("main", second)))
		seconds(61)
		require.Equal(t, []string{a}, second.ids(), "it is back, and gets what waited for it")

		second.set(down)
		c := l.capture(t)
		seconds(30)
		before := l.reporter(t, "main")
		first.set(nil)
		require.NoError(t, l.Set(holmes.WithNamedReporter("main", first)))
		seconds(61)
		require.Equal(t, []string{c}, first.ids(), "who replaces another gets what waits for it")
		after := l.reporter(t, "main")
		require.Equal(t, before.Offered, after.Offered)
		require.Equal(t, before.Delivered+1, after.Delivered)
		require.Equal(t, 2, strings.Count(fmt.Sprint(names(l)), "main")+strings.Count(fmt.Sprint(names(l)), "other"))
	})
}

func names(l *lab) (out []string) {
	for _, s := range l.Stats().Reporters {
		out = append(out, s.Name)
	}
	return out
}

// Two reporters of one name are two.
func TestNamesOfReporters(t *testing.T) {
	l := newLab(t, holmes.WithReporter(newReceiver("r")), holmes.WithReporter(&collector{}), holmes.WithReporter(newReceiver("r")),
		holmes.WithReporter(newReceiver("r")))
	require.Equal(t, []string{"*holmes_test.collector", "r", "*holmes_test.collector#2", "r#2", "r#3"}, names(l))
	require.NoError(t, l.Set(holmes.WithNamedReporter("r#2", nil), holmes.WithNamedReporter("nobody", nil)))
	require.Equal(t, []string{"*holmes_test.collector", "r", "*holmes_test.collector#2", "r#3"}, names(l))
	require.ErrorContains(t, l.Set(holmes.WithNamedReporter("", newReceiver("r"))), `WithNamedReporter: name ""`)
	require.ErrorContains(t, l.Set(holmes.WithDumpAge(0)), "WithDumpAge: age 0s")
	require.ErrorContains(t, l.Set(holmes.WithDumpFree(-1)), "WithDumpFree: bytes -1")
}

// A reporter that is replaced while it hangs is not waited for for ever.
func TestReplacedReporterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, next := newStuck(), newReceiver("next")
		l := newLab(t, holmes.WithNamedReporter("main", hung)).run(t)
		id := l.capture(t)
		synctest.Wait()
		require.NoError(t, l.Set(holmes.WithNamedReporter("main", next)))
		seconds(29)
		require.Empty(t, next.ids())
		seconds(5)
		require.Equal(t, []string{id}, next.ids())
		close(hung.release)
		seconds(1)
		require.Equal(t, holmes.ReporterStats{Name: "main", Offered: 1, Attempts: 2, Delivered: 1}, l.reporter(t, "main"))
	})
}

// P7: events whose files were changed on disk are set aside, the others are
// delivered.
func TestPromise7DamagedEventsAreSetAside(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	dir := fastDir(t)
	cases := 0
	for cases < heavy(1000, 100) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(dir, fmt.Sprint(cases))
			r := newReceiver("receiver")
			r.set(down)
			l := newLab(t, holmes.WithDumpPath(path), holmes.WithReporter(r)).run(t)
			var good, bad []string
			for n := range 20 {
				id := l.capture(t)
				if n%2 == 0 {
					good = append(good, id)
				} else {
					bad = append(bad, id)
				}
			}
			seconds(1)
			for _, id := range bad {
				damageEvent(t, filepath.Join(path, id), rng)
				cases++
			}
			r.set(nil)
			seconds(61)
			require.ElementsMatch(t, good, r.ids())
			s := l.reporter(t, "receiver")
			require.Equal(t, map[string]uint64{"damaged": uint64(len(bad))}, s.Dropped)
			require.Zero(t, s.Waiting)
			require.Equal(t, len(bad), l.Stats().Dump.Damaged)
			for _, id := range bad {
				reason, err := os.ReadFile(filepath.Join(path, id, ".damaged"))
				require.NoError(t, err)
				require.NotEmpty(t, reason)
			}
			l.Stop()
		})
	}
}

// damageEvent flips a byte of one of its files, or cuts it.
func damageEvent(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	files := []string{"event.json", "summary.txt", "threadcreate.pb.gz", ".sealed"}
	path := filepath.Join(dir, files[rng.IntN(len(files))])
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	if rng.IntN(3) == 0 {
		raw = raw[:rng.IntN(len(raw))]
	} else {
		raw[rng.IntN(len(raw))] ^= byte(1 + rng.IntN(255))
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

// An event that is waiting when its space is wanted is counted.
func TestDropsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithReporter(r), holmes.WithDumpLimits(5, 1<<20)).run(t)
		for range 8 {
			l.capture(t)
		}
		seconds(1)
		gone := marks(t, l.dir, "receiver")[2]
		require.NoError(t, os.RemoveAll(filepath.Join(l.dir, gone)))
		r.set(nil)
		seconds(120)
		s := l.reporter(t, "receiver")
		require.Equal(t, map[string]uint64{"no space": 3, "gone": 1}, s.Dropped)
		require.EqualValues(t, 4, s.Delivered)
		require.EqualValues(t, 8, s.Offered)
	})
}
