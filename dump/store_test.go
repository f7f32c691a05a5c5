package dump_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestOpenRejectsNonsense(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name    string
		path    string
		options dump.Options
		want    string
	}{
		{"empty path", "", dump.Options{}, "path is empty"},
		{"negative events", dir, dump.Options{MaxEvents: -1}, "MaxEvents is -1"},
		{"negative bytes", dir, dump.Options{MaxBytes: -2}, "MaxBytes is -2"},
		{"negative age", dir, dump.Options{MaxAge: -3}, "MaxAge is -3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := dump.Open(c.path, c.options)
			require.ErrorContains(t, err, "holmes: dump: open")
			require.ErrorContains(t, err, c.want)
			require.Nil(t, s)
		})
	}
}

func TestOpenLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, dump.Options{})
	requireClean(t, dir)
	require.Equal(t, dir, s.Dir())
}

func TestDirIsAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openStore(t, "evidence", dump.Options{})
	cwd := testkit.Must(os.Getwd())(t)
	require.Equal(t, filepath.Join(cwd, "evidence"), s.Dir())

	t.Chdir(t.TempDir()) // the host may change its directory
	e := testkit.Must(s.Create(eventID(1)))(t)
	require.Equal(t, filepath.Join(cwd, "evidence", eventID(1)), e.Path())
	require.DirExists(t, e.Path())
	require.NoError(t, e.Close(dump.Class{}))
}

func TestListAndUsage(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 100_000})
	requireEvents(t, s)
	first := create(t, s, 2, 300)
	require.NoError(t, first.Close(dump.Class{}))
	open := create(t, s, 1, 40) // younger, but of an older time
	requireEvents(t, s, 1, 2)
	require.Equal(t, dump.Usage{Events: 2, Bytes: weight(t, s.Dir())}, s.Usage())

	require.NoError(t, os.RemoveAll(first.Path()))
	require.Equal(t, dump.Usage{Events: 1, Bytes: lockBytes + 40 + dump.LineBytes("cpu.pb.gz", 40) + dump.SealRoom}, s.Usage())
	require.NoError(t, open.Discard())
	require.Equal(t, dump.Usage{Bytes: lockBytes}, s.Usage())
	require.NoError(t, s.Close())
	requireClean(t, s.Dir())
}

func TestCreateIsExclusive(t *testing.T) {
	dir := t.TempDir()
	s, other := openStore(t, dir, dump.Options{MaxEvents: 2}), openStore(t, dir, dump.Options{})
	require.NoError(t, create(t, s, 0, 1).Close(dump.Class{}))
	e := create(t, s, 1, 1)
	for _, store := range []*dump.Store{s, other} {
		again, err := store.Create(eventID(1))
		require.ErrorIs(t, err, dump.ErrExists)
		require.ErrorContains(t, err, eventID(1))
		require.Nil(t, again)
	}
	requireEvents(t, s, 0, 1) // a failed Create made no room
	require.NoError(t, e.Close(dump.Class{}))
	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), dump.ErrExists)
	require.NoError(t, os.WriteFile(filepath.Join(dir, eventID(3)), nil, 0o600))
	require.ErrorIs(t, testkit.Err(s.Create(eventID(3))), dump.ErrExists)
}

func TestClosedEntry(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	e := create(t, s, 1, 5)
	require.NoError(t, e.Close(dump.Class{}))
	require.ErrorIs(t, e.Close(dump.Class{}), os.ErrClosed)
	require.ErrorIs(t, e.Discard(), os.ErrClosed)
	require.ErrorIs(t, testkit.Err(e.Write("late", fill(1))), os.ErrClosed)
	require.ErrorIs(t, testkit.Err(e.Replace("cpu.pb.gz", fill(1))), os.ErrClosed)
	require.Equal(t, eventID(1), e.ID())
	require.FileExists(t, filepath.Join(e.Path(), "cpu.pb.gz"))
}

// The remains of a killed process: an unfinished file, an event without files, and an
// event whose removal had begun.
func TestOpenClearsWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	const dead = ".owner-0123456789abcdef"
	write(eventID(1) + "/cpu.pb.gz")
	write(eventID(1) + "/.heap.pb.gz.tmp")
	write(eventID(1) + "/.foreign")
	write(eventID(1) + "/" + dead)
	write(eventID(2) + "/.heap.pb.gz.tmp")
	write(eventID(2) + "/" + dead)
	write("." + eventID(3) + ".gone/cpu.pb.gz")
	write(eventID(4) + "/.sums") // killed before it had an owner
	write(dead + ".lock")
	write(".foreign.lock")

	s := openStore(t, dir, dump.Options{})
	require.Equal(t, map[string]int64{
		eventID(1): 0, eventID(1) + "/cpu.pb.gz": 1, eventID(1) + "/.foreign": 1, eventID(1) + "/" + dead: 1,
		dead + ".lock": 1, ".foreign.lock": 1, ".lock": lockBytes,
	}, tree(t, dir))

	// Another store that opens the directory leaves an open event alone.
	e := create(t, s, 4, 1)
	_, err := e.Write("heap.pb.gz", func(w io.Writer) error {
		openStore(t, dir, dump.Options{})
		return text("whole")(w)
	})
	require.NoError(t, err)
	require.NoError(t, e.Close(dump.Class{}))
}
