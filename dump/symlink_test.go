//go:build unix

package dump_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// victim is a directory with a file that must not change.
func victim(t *testing.T) (dir string, check func()) {
	t.Helper()
	dir = t.TempDir()
	file := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	return dir, func() {
		t.Helper()
		require.Equal(t, map[string]int64{"precious": 8}, tree(t, dir))
	}
}

func TestLinkInPlaceOfANewEvent(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 1})
	dir, check := victim(t)
	require.NoError(t, os.Symlink(dir, filepath.Join(s.Dir(), eventID(1))))
	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), dump.ErrExists)
	check()

	// Such a link is not an event: it is not listed, counted or removed.
	requireEvents(t, s)
	require.NoError(t, create(t, s, 2, 1).Close(dump.Class{}))
	require.NoError(t, create(t, s, 3, 1).Close(dump.Class{}))
	requireEvents(t, s, 3)
	openStore(t, s.Dir(), dump.Options{})
	check()
	requireMode(t, filepath.Join(s.Dir(), eventID(1)), os.ModeSymlink|0o777)
}

func TestLinkInPlaceOfAnOpenEvent(t *testing.T) {
	for _, end := range []string{"close", "discard"} {
		t.Run(end, func(t *testing.T) {
			s := openStore(t, t.TempDir(), dump.Options{})
			dir, check := victim(t)
			e := create(t, s, 1, 1)
			moved := filepath.Join(t.TempDir(), "moved")
			require.NoError(t, os.Rename(e.Path(), moved))
			require.NoError(t, os.Symlink(dir, e.Path()))

			require.NoError(t, testkit.Err(e.Write("heap.pb.gz", text("profile"))))
			require.FileExists(t, filepath.Join(moved, "heap.pb.gz"))
			check()
			if end == "close" {
				require.NoError(t, e.Close(dump.Class{Disposable: true}))
			} else {
				require.NoError(t, e.Discard())
			}
			check()
			requireMode(t, e.Path(), os.ModeSymlink|0o777)
			require.FileExists(t, filepath.Join(moved, "heap.pb.gz"))
		})
	}
}

func TestLinkInPlaceOfAFile(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	e := testkit.Must(s.Create(eventID(1)))(t)
	dir, check := victim(t)
	precious := filepath.Join(dir, "precious")
	for _, name := range []string{"heap.pb.gz", ".cpu.pb.gz.tmp"} {
		require.NoError(t, os.Symlink(precious, filepath.Join(e.Path(), name)))
	}
	require.NoError(t, os.Symlink(filepath.Join(dir, "new"), filepath.Join(e.Path(), "dangling")))

	require.ErrorIs(t, testkit.Err(e.Write("heap.pb.gz", text("profile"))), dump.ErrExists)
	require.ErrorIs(t, testkit.Err(e.Write("dangling", text("profile"))), dump.ErrExists)
	check()
	require.NoError(t, testkit.Err(e.Write("cpu.pb.gz", text("profile")))) // the link is not followed, and goes
	requireMode(t, filepath.Join(e.Path(), "cpu.pb.gz"), 0o600)
	check()
	require.NoError(t, testkit.Err(e.Replace("heap.pb.gz", text("profile"))))
	requireFile(t, e, "heap.pb.gz", "profile")
	requireMode(t, filepath.Join(e.Path(), "heap.pb.gz"), 0o600)
	require.Equal(t, weight(t, s.Dir()), s.Usage().Bytes)
	require.NoError(t, e.Close(dump.Class{}))
	check()
}

func TestLinksWithinAnEventAreNotFollowedOnRemoval(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	dir, check := victim(t)
	e := create(t, s, 1, 1)
	require.NoError(t, os.Symlink(dir, filepath.Join(e.Path(), "link")))
	require.NoError(t, e.Discard())
	require.NoError(t, s.Close())
	requireClean(t, s.Dir())
	check()
}
