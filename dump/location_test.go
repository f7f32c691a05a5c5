//go:build unix

package dump_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// mkdir makes a directory of exactly that mode, whatever the umask.
func mkdir(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.Mkdir(path, 0o700))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func requireMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info := testkit.Must(os.Lstat(path))(t)
	require.Equal(t, want, info.Mode(), path)
}

// privateName is the directory that the store makes within a shared one.
func privateName() string { return fmt.Sprintf("holmes-%d", os.Geteuid()) }

func TestDirectoryIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		make   func(t *testing.T, path string)
		at     string // where it is wrong, below the path
		wrong  string
		remedy string
	}{
		{name: "file", make: func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}, wrong: "is not a directory", remedy: "name a directory"},
		{name: "symbolic link", make: func(t *testing.T, path string) {
			require.NoError(t, os.Symlink(mkdir(t, path+"-real", 0o700), path))
			giveAway(t, path)
		}, wrong: "is a symbolic link", remedy: "name the directory that it leads to"},
		{name: "dangling symbolic link", make: func(t *testing.T, path string) {
			require.NoError(t, os.Symlink(path+"-missing", path))
			giveAway(t, path)
		}, wrong: "is a symbolic link", remedy: "name the directory that it leads to"},
		{name: "link where others can exchange it", make: func(t *testing.T, path string) {
			require.NoError(t, os.Symlink(mkdir(t, path+"-real", 0o700), path))
			require.NoError(t, os.Chmod(filepath.Dir(path), 0o777))
		}, wrong: "is a symbolic link", remedy: "name the directory that it leads to"},
		{name: "shared, inner is a link", make: func(t *testing.T, path string) {
			mkdir(t, path, os.ModeSticky|0o777)
			require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(path, privateName())))
		}, at: privateName(), wrong: "is a symbolic link", remedy: "name the directory"},
		{name: "shared, inner of foreign owner", make: func(t *testing.T, path string) {
			mkdir(t, path, os.ModeSticky|0o777)
			giveAway(t, mkdir(t, filepath.Join(path, privateName()), 0o700))
		}, at: privateName(), wrong: "belongs to user 12345", remedy: "give it to that user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "evidence")
			c.make(t, path)
			before := tree(t, filepath.Dir(path))
			s, err := dump.Open(path, dump.Options{})
			require.Nil(t, s)
			require.ErrorIs(t, err, dump.ErrRefused)
			require.ErrorContains(t, err, filepath.Join(path, c.at)+" "+c.wrong)
			require.ErrorContains(t, err, c.remedy)
			require.Equal(t, before, tree(t, filepath.Dir(path)))
		})
	}
}

// giveAway gives path to another user, or skips the test.
func giveAway(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory to another user")
	}
	require.NoError(t, os.Lchown(path, 12345, -1))
}

func TestRootDirectoryIsForeignToOthers(t *testing.T) {
	if !notAsRoot(t) {
		return
	}
	require.ErrorIs(t, testkit.Err(dump.Open("/", dump.Options{})), dump.ErrRefused)
}

func TestModesOfAllThatIsMade(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			base := t.TempDir()
			defer syscall.Umask(syscall.Umask(umask))
			path := filepath.Join(base, "a", "b")
			s := openStore(t, path, dump.Options{})
			e := create(t, s, 1, 10)
			_, err := e.Replace("event.json", func(w io.Writer) error {
				requireMode(t, filepath.Join(e.Path(), ".event.json.tmp"), 0o600)
				requireMode(t, filepath.Join(path, ".lock"), 0o600)
				return text("{}")(w)
			})
			require.NoError(t, err)
			require.NoError(t, e.Close(dump.Class{Disposable: true}))

			requireMode(t, filepath.Join(base, "a"), os.ModeDir|0o700)
			requireMode(t, path, os.ModeDir|0o700)
			requireMode(t, e.Path(), os.ModeDir|0o700)
			for _, name := range []string{"cpu.pb.gz", "event.json", ".disposable", ".sealed"} {
				requireMode(t, filepath.Join(e.Path(), name), 0o600)
			}
		})
	}
}

func TestOwnReadableDirectoryIsAccepted(t *testing.T) {
	path := mkdir(t, filepath.Join(t.TempDir(), "evidence"), 0o755)
	s := openStore(t, path, dump.Options{})
	e := create(t, s, 1, 1)
	requireMode(t, path, os.ModeDir|0o755)
	requireMode(t, e.Path(), os.ModeDir|0o700)
	require.NoError(t, e.Close(dump.Class{}))
}

// A directory that others may write to gets a private one in it, which is mended.
func TestSharedDirectoryGetsAPrivateOne(t *testing.T) {
	for _, mode := range []os.FileMode{os.ModeSticky | 0o777, 0o777, os.ModeSetgid | 0o775, 0o770} {
		for _, owner := range []string{"ours", "theirs"} {
			t.Run(fmt.Sprintf("%v %s", mode, owner), func(t *testing.T) {
				shared := mkdir(t, filepath.Join(t.TempDir(), "tmp"), mode)
				if owner == "theirs" {
					giveAway(t, shared)
				}
				for range 2 { // the second finds what the first made
					s := openStore(t, shared, dump.Options{})
					require.Equal(t, filepath.Join(shared, privateName()), s.Dir())
					require.Equal(t, os.FileMode(0o700), testkit.Must(os.Stat(s.Dir()))(t).Mode().Perm())
					require.NoError(t, os.Chmod(s.Dir(), 0o755))
				}
				requireMode(t, shared, os.ModeDir|mode)
			})
		}
	}
}

// A link is followed if no other user can have made it, also to a directory that is
// still to be made.
func TestOwnLinkIsFollowed(t *testing.T) {
	base := testkit.Must(filepath.EvalSymlinks(t.TempDir()))(t)
	for _, to := range []string{"there", "missing"} {
		path := filepath.Join(base, "link-"+to)
		require.NoError(t, os.Symlink(to, path))
		if to == "there" {
			mkdir(t, filepath.Join(base, to), 0o700)
		}
		require.Equal(t, filepath.Join(base, to), openStore(t, path, dump.Options{}).Dir())
	}
	loop := filepath.Join(base, "loop")
	require.NoError(t, os.Symlink("loop", loop))
	for _, path := range []string{loop, filepath.Join(loop, "below")} {
		err := testkit.Err(dump.Open(path, dump.Options{}))
		require.ErrorIs(t, err, dump.ErrRefused)
		require.ErrorContains(t, err, path+" leads through more than 16 symbolic links")
	}
}

func TestDarwinTmpIsAllowed(t *testing.T) {
	if runtime.GOOS != "darwin" {
		t.Skip("/tmp is a symbolic link on darwin only")
	}
	s := openStore(t, "/tmp", dump.Options{})
	require.True(t, strings.HasPrefix(s.Dir(), "/private/tmp/holmes-"), s.Dir())
}

func TestDirectoryExchangedLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	s := openStore(t, path, dump.Options{})
	require.NoError(t, os.Rename(path, path+"-old"))
	victim := t.TempDir()
	require.NoError(t, os.Symlink(victim, path))

	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), dump.ErrRefused)
	require.ErrorIs(t, testkit.Err(s.List()), dump.ErrRefused)
	require.Empty(t, tree(t, victim))

	require.NoError(t, os.Remove(path))
	require.NoError(t, create(t, s, 1, 1).Close(dump.Class{}))
}

func TestModeLoosenedLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	s := openStore(t, path, dump.Options{})
	require.NoError(t, os.Chmod(path, 0o777))
	require.ErrorIs(t, testkit.Err(s.Create(eventID(1))), dump.ErrRefused)
}
