//go:build unix

package dump_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestDirectoryRemovedUnderneath(t *testing.T) {
	for _, inner := range []bool{false, true} {
		t.Run(fmt.Sprintf("in a shared directory %t", inner), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "evidence")
			if inner {
				mkdir(t, path, os.ModeSticky|0o777)
			}
			s := openStore(t, path, dump.Options{})
			open := create(t, s, 1, 100)
			require.NoError(t, os.RemoveAll(s.Dir()))

			require.ErrorIs(t, testkit.Err(open.Write("heap.pb.gz", text("profile"))), fs.ErrNotExist)
			require.ErrorIs(t, testkit.Err(s.List()), fs.ErrNotExist)
			s.Usage()

			healed := create(t, s, 2, 10)
			requireMode(t, s.Dir(), os.ModeDir|0o700)
			require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), dump.ErrExists) // its entry is still open
			require.Error(t, open.Close(dump.Class{Disposable: true}))
			require.NoError(t, create(t, s, 1, 10).Close(dump.Class{}))
			require.NoError(t, healed.Close(dump.Class{}))
			require.Equal(t, lockBytes+2*closed(10), s.Usage().Bytes)
		})
	}
}

func TestDirectoryRemovedBeforeTheEnd(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "evidence"), dump.Options{})
	closed, discarded := create(t, s, 1, 100), create(t, s, 2, 100)
	require.NoError(t, os.RemoveAll(s.Dir()))
	require.ErrorIs(t, closed.Close(dump.Class{}), fs.ErrNotExist)
	require.NoError(t, discarded.Discard()) // the event is gone already
}

// A missing shared directory is not made: /tmp would have mode 0700.
func TestSharedDirectoryIsNotMade(t *testing.T) {
	shared := mkdir(t, filepath.Join(t.TempDir(), "tmp"), os.ModeSticky|0o777)
	s := openStore(t, shared, dump.Options{})
	require.NoError(t, os.RemoveAll(shared))
	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), fs.ErrNotExist)
	require.NoDirExists(t, shared)
}

func TestPermissionDenied(t *testing.T) {
	if !notAsRoot(t) {
		return
	}
	s := openStore(t, t.TempDir(), dump.Options{})
	require.NoError(t, os.Chmod(s.Dir(), 0o500))
	t.Cleanup(func() { _ = os.Chmod(s.Dir(), 0o700) })
	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), fs.ErrPermission)
	require.ErrorIs(t, testkit.Err(dump.Open(s.Dir(), dump.Options{})), fs.ErrPermission)
	require.NoError(t, os.Chmod(s.Dir(), 0o700))
	require.NoError(t, create(t, s, 1, 1).Close(dump.Class{}))
}
