package dump_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// numbered closes the n-th event with a class.
func numbered(t *testing.T, s *dump.Store, n int, c dump.Class, to ...string) {
	t.Helper()
	e := testkit.Must(s.Create(eventID(n), to...))(t)
	require.NoError(t, e.Close(c))
}

// The peak of a rising series and the first event of a kind are removed after the steps
// between.
func TestPeaksAndFirstsStay(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 8})
	for n, height := range []float64{50, 60, 70, 80, 40, 45, 55, 65} { // two ramps
		numbered(t, s, n, dump.Class{Series: "mem", Height: height, Kind: "mem diff"})
	}
	later := func(n int) { numbered(t, s, n, dump.Class{Series: "cpu", Kind: "cpu abs", Height: 90 - float64(n)}) }
	later(8) // the first of its kind
	requireEvents(t, s, 0, 2, 3, 4, 5, 6, 7, 8)
	later(9)
	later(10)
	later(11)
	requireEvents(t, s, 0, 3, 6, 7, 8, 9, 10, 11)
	later(12)
	// Every event about CPU is below the one before it, so all are peaks, and the
	// oldest of them is removed.
	requireEvents(t, s, 0, 3, 7, 8, 9, 10, 11, 12)
	later(13)
	requireEvents(t, s, 3, 7, 8, 9, 10, 11, 12, 13)
}

func TestFlatSeriesKeepsItsFirstAndItsLast(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 3})
	for n := range 6 {
		numbered(t, s, n, dump.Class{Series: "cpu", Height: 70, Kind: "cpu abs"})
	}
	requireEvents(t, s, 0, 4, 5)
}

// Waiting events are removed last, disposable ones first.
func TestUndeliveredEventsGoLast(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 5})
	for n := range 5 {
		numbered(t, s, n, dump.Class{Kind: "all"}, "a")
	}
	require.NoError(t, s.Delivered(eventID(1), "a"))
	require.NoError(t, s.Refused(eventID(3), "a", "never"))
	numbered(t, s, 5, dump.Class{Kind: "all"})
	requireEvents(t, s, 0, 2, 3, 4, 5)
	numbered(t, s, 6, dump.Class{}, "a")
	requireEvents(t, s, 0, 2, 4, 5, 6)
	numbered(t, s, 7, dump.Class{Disposable: true})
	requireEvents(t, s, 0, 2, 4, 6, 7)
	numbered(t, s, 8, dump.Class{}, "a")
	requireEvents(t, s, 0, 2, 4, 6, 8)
	numbered(t, s, 9, dump.Class{}, "a") // only waiting events are left
	requireEvents(t, s, 2, 4, 6, 8, 9)
	require.ErrorIs(t, testkit.Err(s.Take(eventID(0), "a")), dump.ErrEvicted)
	require.Zero(t, s.Usage().Unclaimed)
	require.NoError(t, s.Close())
	s = openStore(t, s.Dir(), dump.Options{MaxEvents: 5})
	numbered(t, s, 10, dump.Class{}, "a")
	require.Equal(t, 1, s.Usage().Unclaimed)
}

// Events that are too old are removed, but none for a clock that was wrong for less than
// an hour.
func TestOldEventsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC)
		s := openStore(t, t.TempDir(), dump.Options{MaxAge: 24 * time.Hour, Now: func() time.Time { return now }})
		numbered(t, s, 1, dump.Class{}, "a")
		numbered(t, s, 2, dump.Class{})
		pass := func(d time.Duration) {
			<-time.After(d)
			require.NoError(t, s.Tidy())
		}
		now = now.AddDate(10, 0, 0)
		pass(time.Minute)
		pass(58 * time.Minute)
		now = now.AddDate(-10, 0, 0)
		pass(2 * time.Minute)
		pass(2 * time.Hour)
		requireEvents(t, s, 1, 2)

		now = now.Add(24 * time.Hour)
		numbered(t, s, 100_000, dump.Class{}) // of a day later
		pass(time.Minute)
		requireEvents(t, s, 1, 2, 100_000)
		pass(time.Hour)
		requireEvents(t, s, 100_000)
		require.ErrorIs(t, testkit.Err(s.Take(eventID(1), "a")), dump.ErrExpired)
		now = now.AddDate(-20, 0, 0)
		pass(2 * time.Hour)
		requireEvents(t, s, 100_000)
		require.NoError(t, s.Close())
	})
}

func TestSetLimits(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	for n := range 5 {
		numbered(t, s, n, dump.Class{})
	}
	require.ErrorContains(t, s.SetLimits(dump.Options{MaxBytes: -1}), "MaxBytes is -1")
	require.NoError(t, s.SetLimits(dump.Options{MaxEvents: 2}))
	require.NoError(t, s.Tidy())
	requireEvents(t, s, 3, 4)
}

// The latest of a name takes the place of the one before, is kept whatever else is
// disposable, and goes after all that waits for no reporter.
func TestLatestIsKept(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 8})
	numbered(t, s, 0, dump.Class{Latest: "baseline shop"}, "a") // it is delivered to none
	numbered(t, s, 1, dump.Class{Latest: "baseline till"})
	for n := range 6 {
		numbered(t, s, 2+n, dump.Class{Disposable: true})
	}
	requireEvents(t, s, 0, 1, 3, 4, 5, 6, 7)
	require.Zero(t, s.Usage().Waiting)
	numbered(t, s, 8, dump.Class{Latest: "baseline shop"})
	requireEvents(t, s, 1, 3, 4, 5, 6, 7, 8)

	// It is known after a restart, and an unfinished one does not take its place.
	require.NoError(t, s.Close())
	s = openStore(t, s.Dir(), dump.Options{MaxEvents: 5})
	open := testkit.Must(s.Create(eventID(9)))(t)
	require.NoError(t, s.Tidy())
	requireEvents(t, s, 1, 6, 7, 8, 9)
	require.NoError(t, open.Close(dump.Class{Series: "cpu", Kind: "cpu abs"}))
	numbered(t, s, 10, dump.Class{}, "a")
	numbered(t, s, 11, dump.Class{}, "a")
	numbered(t, s, 12, dump.Class{}, "a")
	requireEvents(t, s, 1, 8, 10, 11, 12) // the first of its kind, 9, went before them
	numbered(t, s, 13, dump.Class{}, "a")
	requireEvents(t, s, 8, 10, 11, 12, 13)
	numbered(t, s, 14, dump.Class{}, "a")
	numbered(t, s, 15, dump.Class{}, "a")
	requireEvents(t, s, 11, 12, 13, 14, 15)
}
