package dump_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestOldestGoFirst(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 3})
	for _, n := range []int{4, 1, 3, 2} { // by their time, not by the order of making
		require.NoError(t, create(t, s, n, 10).Close(dump.Class{}))
	}
	requireEvents(t, s, 2, 3, 4)
}

func TestDisposableGoBeforeOthers(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 4})
	for n, disposable := range []bool{false, false, true, true} {
		require.NoError(t, create(t, s, n, 10).Close(dump.Class{Disposable: disposable}))
	}
	e := create(t, s, 4, 10)
	requireEvents(t, s, 0, 1, 3, 4)
	require.NoError(t, e.Close(dump.Class{}))

	// They are known after a restart.
	s = openStore(t, s.Dir(), dump.Options{MaxEvents: 4})
	require.NoError(t, create(t, s, 5, 10).Close(dump.Class{}))
	requireEvents(t, s, 0, 1, 4, 5)
	require.NoError(t, create(t, s, 6, 10).Close(dump.Class{}))
	requireEvents(t, s, 1, 4, 5, 6)
}

func TestFiveDisposableAreKept(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	require.NoError(t, create(t, s, 0, 10).Close(dump.Class{}))
	for n := range 8 {
		require.NoError(t, create(t, s, n+1, 10).Close(dump.Class{Disposable: true}))
	}
	requireEvents(t, s, 0, 4, 5, 6, 7, 8)
}

// Routine events, delivered or not, make room for other events, and not the other way
// round.
func TestRoutineGoBeforeOthers(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 4})
	waiting := func(n int, c dump.Class) {
		e := testkit.Must(s.Create(eventID(n), "chat"))(t)
		require.NoError(t, e.Close(c))
	}
	waiting(0, dump.Class{Kind: "mem abs"})
	require.NoError(t, create(t, s, 1, 10).Close(dump.Class{}))
	waiting(2, dump.Class{Routine: true})
	waiting(3, dump.Class{Routine: true})
	waiting(4, dump.Class{Routine: true})
	requireEvents(t, s, 0, 1, 3, 4)
	ids := testkit.Must(s.Waiting("chat"))(t)
	require.Equal(t, []string{eventID(0), eventID(3), eventID(4)}, ids, "they are delivered like any other")

	// They are known after a restart.
	require.NoError(t, s.Close())
	s = openStore(t, s.Dir(), dump.Options{MaxEvents: 4})
	waiting(5, dump.Class{})
	waiting(6, dump.Class{})
	requireEvents(t, s, 0, 1, 5, 6)
}

func TestOpenEventsStay(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, dump.Options{MaxEvents: 3})
	other := openStore(t, dir, dump.Options{MaxEvents: 3})
	ours, theirs := create(t, s, 1, 10), create(t, other, 2, 10)
	for n := 3; n < 7; n++ {
		require.NoError(t, create(t, s, n, 10).Close(dump.Class{}))
		requireEvents(t, s, 1, 2, n)
	}
	require.NoError(t, theirs.Close(dump.Class{}))
	require.NoError(t, create(t, s, 7, 10).Close(dump.Class{}))
	requireEvents(t, s, 1, 6, 7)
	require.NoError(t, ours.Close(dump.Class{}))
	require.NoError(t, create(t, other, 8, 10).Close(dump.Class{}))
	requireEvents(t, s, 6, 7, 8)
}

func TestCloseAppliesTheBudget(t *testing.T) {
	dir := t.TempDir()
	large := openStore(t, dir, dump.Options{MaxBytes: 100_000})
	for n := range 4 {
		require.NoError(t, create(t, large, n, 100).Close(dump.Class{}))
	}
	open := create(t, large, 4, 100)
	small := openStore(t, dir, dump.Options{MaxBytes: 1000}) // finds it full
	e := testkit.Must(small.Create(eventID(5)))(t)
	requireEvents(t, small, 2, 3, 4, 5)
	require.NoError(t, create(t, large, 6, 300).Close(dump.Class{}))
	requireEvents(t, small, 2, 3, 4, 5, 6)
	require.NoError(t, e.Close(dump.Class{}))
	requireEvents(t, small, 3, 4, 5, 6)

	// A directory that stays over its budget is no error of Close.
	require.NoError(t, testkit.Err(open.Write("heap.pb.gz", fill(2000))))
	e = testkit.Must(large.Create(eventID(7)))(t)
	require.NoError(t, e.Close(dump.Class{}))
	require.NoError(t, open.Close(dump.Class{}))
}

func TestForeignFilesAreNotOurs(t *testing.T) {
	dir := t.TempDir()
	foreign := map[string]int64{
		"data.db": 2000, "20260102T150405.000000000Z-cpu": 2000, // a file, not a directory
		"20260102": 0, "20260102/notes": 2000, ".20260102.gone": 0, ".20260102.gone/x": 2000,
		"20260102T150405.000000000Z": 0, "20260102T150405.000000000Z/cpu.pb.gz": 2000,
		"lost+found": 0, "x" + eventID(1): 0,
	}
	for name, size := range foreign {
		path := filepath.Join(dir, name)
		if size == 0 {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, make([]byte, size), 0o644))
	}
	s := openStore(t, dir, dump.Options{MaxEvents: 1, MaxBytes: 1500})
	for n := 1; n < 4; n++ {
		e := create(t, s, n, 900)
		require.NoError(t, e.Close(dump.Class{Disposable: true}))
		require.Equal(t, dump.Usage{Events: 1, Bytes: lockBytes + closed(900)}, s.Usage())
	}
	require.NoError(t, os.RemoveAll(filepath.Join(dir, eventID(3))))
	require.NoError(t, s.Close())
	left := tree(t, dir)
	delete(left, ".lock")
	require.Equal(t, foreign, left)
}

// An event with subdirectories is still an event of the store.
func TestOddEventsGoToo(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 1})
	e := create(t, s, 1, 10)
	require.NoError(t, e.Close(dump.Class{}))
	require.NoError(t, os.MkdirAll(filepath.Join(e.Path(), "more", "deep"), 0o700))
	require.NoError(t, create(t, s, 2, 10).Close(dump.Class{}))
	requireEvents(t, s, 2)
}
