package holmes_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The receiver is down for an hour, there is an event a minute, and the
// process is restarted twice meanwhile: all are delivered within a minute of its
// recovery, none twice.
func TestReceiverDownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newReceiver("receiver")
		r.set(down)
		var want []string
		for life := range 3 {
			l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r), holmes.WithCollectInterval("1m")).run(t)
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

// An event that is delivered after a restart equals one that is delivered at once.
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
		require.Empty(t, next.got.all(), "a reporter that has it does not get it again")
		next.Stop()
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
		l := newLab(t, holmes.WithReporter(r), holmes.WithCollectInterval("1m")).run(t)
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

// A delivery that fails changes nothing on disk. It reads its own event, and not those that
// wait beside it for the statistics, which are brought up to date when one was delivered.
func TestFailedDeliveryReadsItsEventAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithReporter(r))
		l.SetSpoolEvery(time.Hour)
		var reads atomic.Int64
		l.SetFault(func(op, _ string) error {
			if op == "readdir" {
				reads.Add(1)
			}
			return nil
		})
		l.run(t)
		for range 10 {
			l.capture(t)
		}
		seconds(60)
		reads.Store(0)
		before := len(r.attempts())
		seconds(1800)
		tries := len(r.attempts()) - before
		require.Greater(t, tries, 20)
		require.LessOrEqual(t, int(reads.Load()), 3*tries)
		require.Equal(t, 10, l.Stats().Dump.Waiting)
		r.set(nil)
		seconds(120)
		require.Zero(t, l.Stats().Dump.Waiting)
	})
}

// Events whose files were changed on disk are set aside, the others are
// delivered.
func TestDamagedEventsAreSetAside(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	dir := testkit.FastDir(t)
	cases := 0
	for cases < testkit.Heavy(1000, 40) {
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
				reason := testkit.Must(os.ReadFile(filepath.Join(path, id, ".damaged")))(t)
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
	raw := testkit.Must(os.ReadFile(path))(t)
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

// A receiver is down when it is taken out of the configuration. A day later what waits
// for it holds nothing any more, and new events are kept.
func TestRemovedReporterHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, other := newReceiver("old"), newReceiver("other")
		old.set(func(*holmes.Event) error { return waitError{time.Hour} }) // days pass: it is seldom tried
		l := newLab(t, holmes.WithReporter(old), holmes.WithReporter(other), holmes.WithDumpLimits(10, 1<<20),
			holmes.WithCollectInterval("1h"))
		l.SetSpoolEvery(time.Hour)
		l.run(t)
		for range 10 {
			l.capture(t)
		}
		held := marks(t, l.dir, "old")
		require.Len(t, held, 10)
		seconds(25 * 3600)
		l.capture(t)
		require.Len(t, marks(t, l.dir, "old"), 10, "they are worth as much as the new one, which waits too")
		require.NoError(t, l.Set(holmes.WithNamedReporter("old", nil)))
		seconds(25 * 3600)
		var fresh []string
		for range 5 {
			seconds(7200)
			fresh = append(fresh, l.capture(t))
		}
		kept := testkit.Must(filepath.Glob(filepath.Join(l.dir, "2*")))(t)
		require.Len(t, kept, 10)
		for i, id := range fresh {
			require.Equal(t, id, filepath.Base(kept[5+i]))
		}
		require.Len(t, marks(t, l.dir, "old"), 5)
	})
}
