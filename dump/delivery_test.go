package dump_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func requireWaiting(t *testing.T, s *dump.Store, to string, want ...string) {
	t.Helper()
	got := testkit.Must(s.Waiting(to))(t)
	require.Equal(t, want, got)
}

func TestEventWaitsForEachReporter(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	first, second := waitingEvent(t, s, 1, "a", "b/c:d"), waitingEvent(t, s, 2, "a")
	requireWaiting(t, s, "a", first, second)
	requireWaiting(t, s, "b/c:d", first)
	requireWaiting(t, s, "other")
	require.Equal(t, 2, s.Usage().Waiting)

	require.NoError(t, s.Delivered(first, "a"))
	for _, c := range []struct {
		id, to string
		want   bool
	}{{first, "a", false}, {first, "b/c:d", true}, {second, "a", true}, {eventID(3), "a", false}} {
		got := testkit.Must(s.Waits(c.id, c.to))(t)
		require.Equal(t, c.want, got, "%v", c)
	}
	requireWaiting(t, s, "a", second)
	requireWaiting(t, s, "b/c:d", first)
	require.ErrorIs(t, testkit.Err(s.Take(first, "a")), dump.ErrTaken)

	require.NoError(t, s.Refused(first, "b/c:d", "too \xff large"))
	requireWaiting(t, s, "b/c:d")
	require.Equal(t, 1, s.Usage().Waiting)
	marks := testkit.Must(filepath.Glob(filepath.Join(s.Path(first), ".refused-*")))(t)
	require.Len(t, marks, 1)
	reason := testkit.Must(os.ReadFile(marks[0]))(t)
	require.Equal(t, "too  large\n", string(reason))
	require.NoError(t, s.Check(first), "marks are no part of the evidence")
	require.Equal(t, weight(t, s.Dir()), s.Usage().Bytes)
}

func TestOpenEventDoesNotWait(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	e := testkit.Must(s.Create(eventID(1), "a", "b"))(t)
	requireWaiting(t, s, "a")
	require.ErrorIs(t, testkit.Err(s.Take(e.ID(), "a")), dump.ErrOpen)
	require.NoError(t, e.Address("b", "c"))
	require.NoError(t, e.Close(dump.Class{}))
	requireWaiting(t, s, "a")
	requireWaiting(t, s, "b", e.ID())
	requireWaiting(t, s, "c", e.ID())

	dismissed := testkit.Must(s.Create(eventID(2), "a"))(t)
	require.NoError(t, dismissed.Close(dump.Class{Disposable: true}))
	requireWaiting(t, s, "a")
}

func TestTakenEventStays(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 1})
	id := waitingEvent(t, s, 1, "a", "b")
	once := testkit.Must(s.Take(id, "a"))(t)
	again := testkit.Must(s.Take(id, "b"))(t)
	require.ErrorIs(t, testkit.Err(s.Create(eventID(2))), dump.ErrBudget)
	require.ErrorIs(t, s.Close(), dump.ErrOpen)
	once()
	require.ErrorIs(t, testkit.Err(s.Create(eventID(2))), dump.ErrBudget)
	again()
	require.NoError(t, create(t, s, 2, 1).Close(dump.Class{}))
	require.ErrorIs(t, testkit.Err(s.Take(id, "a")), dump.ErrEvicted)
	require.ErrorIs(t, s.Check(id), dump.ErrEvicted)
}

func TestRemovedEvent(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	id := waitingEvent(t, s, 1, "a")
	require.NoError(t, os.RemoveAll(s.Path(id)))
	require.ErrorIs(t, testkit.Err(s.Take(id, "a")), dump.ErrGone)
	require.NoError(t, s.Delivered(id, "a"), "there is nothing to mark")
}

// An acknowledgement that the disk refuses is remembered, and retried.
func TestMarkThatTheDiskRefuses(t *testing.T) {
	disk := &faults{}
	s := openStore(t, t.TempDir(), dump.Options{Fault: disk.fault})
	delivered, refused := waitingEvent(t, s, 1, "a"), waitingEvent(t, s, 2, "a")
	disk.fail("rename", syscall.EROFS)
	require.ErrorIs(t, s.Delivered(delivered, "a"), syscall.EROFS)
	require.ErrorIs(t, s.Refused(refused, "a", "never"), syscall.EROFS)
	requireWaiting(t, s, "a")
	require.ErrorIs(t, testkit.Err(s.Take(delivered, "a")), dump.ErrTaken)
	require.ErrorIs(t, s.RetryMarks(), syscall.EROFS)
	disk.heal()
	require.NoError(t, s.RetryMarks())
	requireWaiting(t, s, "a")
	s = openStore(t, s.Dir(), dump.Options{})
	require.Equal(t, dump.Usage{Events: 2, Bytes: weight(t, s.Dir())}, s.Usage())
	marks := testkit.Must(filepath.Glob(filepath.Join(s.Dir(), "*", ".refused-a")))(t)
	require.Len(t, marks, 1)
}

// The reason of a refusal is left out if it does not fit.
func TestMarksFitIntoAnyBudget(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 50_000})
	id := waitingEvent(t, s, 1, "a", "b")
	e := create(t, s, 2, 10)
	free := 50_000 - s.Usage().Bytes - dump.LineBytes("rest", 10_000) - 100
	require.NoError(t, testkit.Err(e.Write("rest", fill(int(free)))))
	require.Greater(t, s.Usage().Bytes, int64(49_800))
	require.NoError(t, s.Refused(id, "a", strings.Repeat("reason ", 1000)))
	require.NoError(t, s.Delivered(id, "b"))
	require.LessOrEqual(t, s.Usage().Bytes, int64(50_000))
	requireWaiting(t, s, "a")
	requireWaiting(t, s, "b")
	require.NoError(t, e.Close(dump.Class{}))
}
