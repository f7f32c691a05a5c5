package dump_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Create and Write run out of descriptors at each of their steps in turn.
func TestNoDescriptors(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	var usual syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual))
	limit := func(n int) {
		scarce := usual
		scarce.Cur = uint64(n)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &scarce))
	}
	defer limit(int(usual.Cur))
	failed := 0
	for n, err := 0, errors.New("not yet"); err != nil; n++ {
		limit(n)
		err = oneFile(s, n)
		limit(int(usual.Cur))
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			require.NoError(t, oneFile(s, n+1000))
			failed++
		}
	}
	require.Greater(t, failed, 3)
	for name, size := range tree(t, s.Dir()) {
		require.NotContains(t, name, ".tmp")
		require.NotContains(t, name, ".gone")
		if filepath.Base(name) == "cpu.pb.gz" {
			require.EqualValues(t, 8, size)
		}
	}
}

func oneFile(s *dump.Store, n int) error {
	e, err := s.Create(eventID(n))
	if err != nil {
		return err
	}
	_, err = e.Write("cpu.pb.gz", text("evidence"))
	return errors.Join(err, e.Close(dump.Class{}))
}

func TestDescriptorsAreReturned(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 3, MaxBytes: 1000})
	count := func() int { return testkit.Descriptors(t, s.Dir()) }
	before := count()
	for n := range 20 {
		e := create(t, s, n, 100)
		require.ErrorIs(t, testkit.Err(e.Write("heap.pb.gz", fill(2000))), dump.ErrBudget)
		require.Error(t, testkit.Err(e.Write("panic", func(io.Writer) error { panic("ouch") })))
		require.ErrorIs(t, testkit.Err(s.Create(eventID(n))), dump.ErrExists)
		if n%2 == 0 {
			require.NoError(t, e.Close(dump.Class{Disposable: n%4 == 0}))
		} else {
			require.NoError(t, e.Discard())
		}
	}
	require.Equal(t, before+1, count(), "one, of the owner's lock")
	require.NoError(t, s.Close())
	require.Equal(t, before, count())
}

// requirePrivate asserts that other users have no access to the events.
func requirePrivate(t *testing.T, dir string) {
	t.Helper()
	closed := func(info fs.FileInfo) bool { return info.Mode().Perm() == 0o700 }
	if closed(testkit.Must(os.Lstat(dir))(t)) {
		return
	}
	for _, entry := range testkit.Must(os.ReadDir(dir))(t) {
		require.True(t, !entry.IsDir() || closed(testkit.Must(entry.Info())(t)), entry.Name())
	}
}
