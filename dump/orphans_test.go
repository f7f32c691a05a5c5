package dump_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Another store with the reporter adopts the closed events of a store once that
// store is gone, and not before.
func TestWaitingEventsAreAdopted(t *testing.T) {
	dir := t.TempDir()
	dead, heir := openStore(t, dir, dump.Options{}), openStore(t, dir, dump.Options{})
	first, second := waitingEvent(t, dead, 1, "a", "b"), waitingEvent(t, dead, 2, "b")
	done := waitingEvent(t, dead, 3, "a")
	require.NoError(t, dead.Delivered(done, "a"))

	require.False(t, heir.Orphaned())
	got := testkit.Must(heir.Adopt("a", "b"))(t)
	require.Zero(t, got, "their owner is alive")
	require.ErrorIs(t, testkit.Err(heir.Take(first, "a")), dump.ErrTaken)

	require.NoError(t, dead.Close())
	require.True(t, heir.Orphaned())
	got = testkit.Must(heir.Adopt("a"))(t)
	require.Equal(t, dump.Orphans{Waiting: []string{first}}, got)
	require.True(t, heir.Orphaned(), "the other one is left")
	release := testkit.Must(heir.Take(first, "a"))(t)
	release()
	require.ErrorIs(t, testkit.Err(dead.Take(first, "a")), dump.ErrTaken, "it has one owner")

	got = testkit.Must(openStore(t, dir, dump.Options{}).Adopt("b"))(t)
	require.Equal(t, dump.Orphans{Waiting: []string{second}}, got)
	require.False(t, heir.Orphaned())
	got = testkit.Must(heir.Adopt("a", "b"))(t)
	require.Zero(t, got, "nothing is adopted twice")
}

// A closed store that is used again owns its events that were not adopted.
func TestClosedStoreIsUsedAgain(t *testing.T) {
	dir := t.TempDir()
	s, other := openStore(t, dir, dump.Options{}), openStore(t, dir, dump.Options{})
	kept, adopted := waitingEvent(t, s, 1, "a"), waitingEvent(t, s, 2, "b")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "again does nothing")
	require.NoError(t, testkit.Err(other.Adopt("b")))
	release := testkit.Must(s.Take(kept, "a"))(t)
	release()
	require.ErrorIs(t, testkit.Err(s.Take(adopted, "b")), dump.ErrTaken)
	got := testkit.Must(other.Adopt("a"))(t)
	require.Zero(t, got, "its owner lives again")
}

// The adopter completes an unfinished event, whatever reporters it is for.
func TestUnfinishedEventsAreAdopted(t *testing.T) {
	dir := t.TempDir()
	c := start(t, "hold", dir)
	require.Equal(t, "open", c.Line(t))
	s := openStore(t, dir, dump.Options{})
	got := testkit.Must(s.Adopt("other"))(t)
	require.Zero(t, got)
	c.Kill(t)

	require.True(t, s.Orphaned())
	got = testkit.Must(s.Adopt("other"))(t)
	id := eventID(1)
	require.Equal(t, dump.Orphans{Unfinished: []string{id}}, got)
	got = testkit.Must(openStore(t, dir, dump.Options{}).Adopt("other"))(t)
	require.Zero(t, got, "it has one owner")

	e := testkit.Must(s.Reopen(id))(t)
	require.ErrorIs(t, testkit.Err(s.Reopen(id)), dump.ErrOpen)
	require.NoError(t, testkit.Err(e.Replace("event.json", text("unconfirmed"))))
	require.NoError(t, e.Close(dump.Class{}))
	require.NoError(t, s.Check(id))
	requireFile(t, e, "cpu.pb.gz", "evidence")
	require.Equal(t, weight(t, dir), s.Usage().Bytes)

	// No reporter here gets it: another process may.
	requireWaiting(t, s, "r", id)
	require.NoError(t, s.Disown(id))
	requireWaiting(t, s, "r")
	got = testkit.Must(openStore(t, dir, dump.Options{}).Adopt("r"))(t)
	require.Equal(t, []string{id}, got.Waiting)
}

// After a kill the last line of the checksums may be torn, which is no damage. After a
// loss of power files and checksums may be torn or missing: what no checksum vouches
// for is never handed out.
func TestUnfinishedEventAfterALossOfPower(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		reason string // "" if the event is whole
	}{
		"torn line":    {func(t *testing.T, path string) { appendTo(t, path+"/.sums", "1a2b3c4d 8 heap.p") }, ""},
		"no line":      {func(t *testing.T, path string) { require.NoError(t, os.Truncate(path+"/.sums", 0)) }, "cpu.pb.gz"},
		"no checksums": {func(t *testing.T, path string) { require.NoError(t, os.Remove(path+"/.sums")) }, "cpu.pb.gz"},
		"torn file":    {func(t *testing.T, path string) { require.NoError(t, os.Truncate(path+"/cpu.pb.gz", 4)) }, "cpu.pb.gz"},
		"zeros": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+"/cpu.pb.gz", make([]byte, 8), 0o600))
		}, "cpu.pb.gz"},
		"file without a line": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+"/late.pb.gz", []byte("late"), 0o600))
		}, "late.pb.gz"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			child := start(t, "hold", dir)
			require.Equal(t, "open", child.Line(t))
			child.Kill(t)
			path := filepath.Join(dir, eventID(1))
			require.NoError(t, os.Truncate(filepath.Join(path, ".sums"), lineOf("cpu.pb.gz", "evidence")))
			c.change(t, path)

			s := openStore(t, dir, dump.Options{})
			got := testkit.Must(s.Adopt())(t)
			require.Len(t, got.Unfinished, 1)
			e, err := s.Reopen(eventID(1))
			if c.reason != "" {
				require.ErrorIs(t, err, dump.ErrDamaged)
				require.ErrorContains(t, err, c.reason)
				return
			}
			require.NoError(t, err)
			require.NoError(t, testkit.Err(e.Write("event.json", text("unconfirmed"))))
			require.NoError(t, e.Close(dump.Class{}))
			require.NoError(t, s.Check(e.ID()))
		})
	}
}

func lineOf(name, content string) int64 { return dump.LineBytes(name, len(content)) }

func appendTo(t *testing.T, path, what string) {
	t.Helper()
	f := testkit.Must(os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0))(t)
	require.NoError(t, testkit.Err(f.WriteString(what)))
	require.NoError(t, f.Close())
}

// Damage of an unfinished event is found when it is adopted.
func TestDamagedOrphan(t *testing.T) {
	dir := t.TempDir()
	c := start(t, "hold", dir)
	require.Equal(t, "open", c.Line(t))
	c.Kill(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, eventID(1), "cpu.pb.gz"), []byte("evidense"), 0o600))
	s := openStore(t, dir, dump.Options{})
	got := testkit.Must(s.Adopt("r"))(t)
	require.Len(t, got.Unfinished, 1)
	_, err := s.Reopen(eventID(1))
	require.ErrorIs(t, err, dump.ErrDamaged)
	require.ErrorContains(t, err, "cpu.pb.gz")
	require.Equal(t, 1, s.Usage().Damaged)
	got = testkit.Must(s.Adopt("r"))(t)
	require.Zero(t, got, "it is set aside")
	require.ErrorIs(t, testkit.Err(s.Reopen(eventID(1))), dump.ErrDamaged)
}

// A closed event can be opened again to add what the disk refused before.
func TestReopenClosedEvent(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	id := waitingEvent(t, s, 1, "a")
	release := testkit.Must(s.Take(id, "a"))(t)
	require.ErrorIs(t, testkit.Err(s.Reopen(id)), dump.ErrOpen)
	release()
	e := testkit.Must(s.Reopen(id))(t)
	require.NoError(t, testkit.Err(e.Write("heap.pb.gz", text("late"))))
	require.ErrorIs(t, testkit.Err(e.Write("cpu.pb.gz", text("twice"))), dump.ErrExists)
	require.NoError(t, e.Close(dump.Class{}))
	require.NoError(t, s.Check(id))
	require.Len(t, visible(t, e.Path()), 3)
	requireWaiting(t, s, "a", id)
	require.ErrorIs(t, testkit.Err(s.Reopen(eventID(7))), dump.ErrGone)
	other := openStore(t, s.Dir(), dump.Options{})
	require.ErrorIs(t, testkit.Err(other.Reopen(id)), dump.ErrTaken)
}
