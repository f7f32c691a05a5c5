package dump_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A pod is how a process runs.
type pod struct {
	user, group uint32
	groups      []uint32
	mapped      bool      // it is root in a user namespace
	without     []uintptr // capabilities that it lacks
}

// capDACOverride and capDACReadSearch let root ignore modes.
const capDACOverride, capDACReadSearch = 1, 2

// What a pod tells of its store.
type podResult struct {
	Dir        string
	Waiting    []string // adopted
	Unfinished []string
	Error      string
}

const childEvent = "HOLMES_DUMP_TEST_EVENT"

func init() { jobs["volume"] = childVolume }

// childVolume is a pod: it completes what its predecessor left, stores an event that
// waits for a reporter, begins another one and is killed.
func childVolume(dir string) error {
	var r podResult
	err := r.live(dir)
	if err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func (r *podResult) live(dir string) error {
	s, err := dump.Open(dir, dump.Options{})
	if err != nil {
		return err
	}
	r.Dir = s.Dir()
	got, err := s.Adopt("r")
	if err != nil {
		return err
	}
	for _, id := range got.Unfinished {
		e, err := s.Reopen(id)
		if err != nil {
			return err
		}
		if err := e.Close(dump.Class{}); err != nil {
			return err
		}
	}
	for _, id := range got.Waiting {
		if err := errors.Join(s.Check(id), s.Delivered(id, "r")); err != nil {
			return err
		}
	}
	r.Waiting, r.Unfinished = got.Waiting, got.Unfinished
	n, err := strconv.Atoi(os.Getenv(childEvent))
	if err != nil {
		return err
	}
	for i, id := range []string{eventID(n), eventID(n + 1)} {
		e, err := s.Create(id, "r")
		if err != nil {
			return err
		}
		if _, err := e.Write("cpu.pb.gz", text("evidence")); err != nil {
			return err
		}
		if i == 0 {
			if err := e.Close(dump.Class{}); err != nil {
				return err
			}
		}
	}
	beside, err := s.OpenDir("beside")
	if err != nil {
		return err
	}
	if n > 1 {
		_, err = beside.Lstat("left")
	} else {
		err = beside.WriteFile("left", nil, 0o600)
	}
	return errors.Join(err, beside.Close())
}

// run runs the n-th pod on a volume.
func (p pod) run(t *testing.T, path string, n int) (r podResult) {
	t.Helper()
	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.user, Gid: p.group, Groups: p.groups}}
	if p.mapped {
		attr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			Credential:  &syscall.Credential{NoSetGroups: true},
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: int(p.user), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: int(p.group), Size: 1}},
		}
	}
	c := testkit.StartAs(t, attr, p.without, "HOME=", childEnv+"=volume", childDir+"="+path, childEvent+"="+strconv.Itoa(n))
	require.NoError(t, json.Unmarshal([]byte(c.Line(t)), &r))
	require.Error(t, c.Wait(), "it was killed")
	return r
}

// tmpfs returns a function that makes the volume a file system of that kind in memory.
func memoryVolume(kind, options string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		testkit.Mount(t, "none", path, kind, 0, options)
	}
}

// directory returns a function that makes the volume a directory.
func directory(user, group int, mode os.FileMode) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		makeDir(t, path, user, group, mode)
	}
}

func makeDir(t *testing.T, path string, user, group int, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o755))
	setDir(t, path, user, group, mode)
}

func setDir(t *testing.T, path string, user, group int, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.Lchown(path, user, group))
	require.NoError(t, os.Chmod(path, mode))
}

func makeLink(t *testing.T, to, path string, user int) {
	t.Helper()
	require.NoError(t, os.Symlink(to, path))
	require.NoError(t, os.Lchown(path, user, user))
}

// changeModes does to a volume what the kubelet does for fsGroup: all of it gets the
// group, which may read and write.
func changeModes(t *testing.T, volume string, group int) {
	t.Helper()
	err := filepath.Walk(volume, func(path string, info fs.FileInfo, err error) error {
		if err != nil || info.Mode()&fs.ModeSymlink != 0 {
			return err
		}
		mode := info.Mode().Perm() | 0o660
		if info.IsDir() {
			mode |= 0o110 | os.ModeSetgid
		}
		return errors.Join(os.Lchown(path, -1, group), os.Chmod(path, mode))
	})
	require.NoError(t, err)
}

// A volume is used if that is safe, whatever it looks like: a pod stores an event in a
// private directory, and its successor finds there what it left. docs/options.md has
// these rows.
func TestVolumes(t *testing.T) {
	if !testkit.OwnMounts(t) {
		return
	}
	const user, other, group = 1000, 1001, 2000
	plain := pod{user: user, group: user}
	root := pod{}
	powerless := pod{without: []uintptr{capDACOverride, capDACReadSearch}}
	for _, c := range []struct {
		name    string
		pod     pod
		volume  func(t *testing.T, path string) // at the path
		below   string                          // the dump path in the volume
		between func(t *testing.T, path string) // what the platform does before the second pod
		dir     string                          // where the first pod stores events, and
		next    string                          // the second, if that is another place
		refused string                          // or why it does not
		open    bool                            // modes mean nothing there
	}{
		{name: "emptyDir", pod: plain, volume: memoryVolume("tmpfs", "mode=0777"), dir: "holmes-1000"},
		{name: "emptyDir, root", pod: root, volume: memoryVolume("tmpfs", "mode=0777"), dir: "holmes-0"},
		{name: "emptyDir, user without a name", pod: pod{user: 54321, group: 54321}, volume: memoryVolume("tmpfs", "mode=0777"), dir: "holmes-54321"},
		{name: "emptyDir, user namespace", pod: pod{user: user, group: user, mapped: true}, volume: memoryVolume("tmpfs", "mode=0777"), dir: "holmes-0"},
		{name: "ramfs", pod: plain, volume: memoryVolume("ramfs", "mode=0777"), dir: "holmes-1000"},
		{name: "shared and sticky", pod: plain, volume: memoryVolume("tmpfs", "mode=1777"), dir: "holmes-1000"},
		{
			name: "fsGroup", pod: pod{user: user, group: user, groups: []uint32{group}},
			volume:  memoryVolume("tmpfs", "mode=2775,gid=2000"),
			between: func(t *testing.T, path string) { changeModes(t, path, group) }, dir: "holmes-1000",
		},
		{name: "OpenShift", pod: pod{user: 1000670000}, volume: directory(0, 0, 0o775), dir: "holmes-1000670000"},
		{name: "host path of root", pod: plain, volume: directory(0, 0, 0o755), refused: "belongs to user 0 and has mode 0755"},
		{name: "host path of another user", pod: plain, volume: directory(other, other, 0o755), refused: "belongs to user 1001 and has mode 0755"},
		{name: "host path of another user, root", pod: root, volume: directory(other, other, 0o755), dir: "holmes-0"},
		{name: "host path of another user, root without its power", pod: powerless, volume: directory(other, other, 0o755), refused: "belongs to user 1001 and has mode 0755"},
		{name: "host path of its group, root without its power", pod: powerless, volume: directory(other, 0, 0o775), dir: "holmes-0"},
		{name: "own", pod: plain, volume: directory(user, user, 0o755), dir: "."},
		{name: "own and private", pod: plain, volume: directory(user, user, 0o700), dir: "."},
		{name: "own, group may write", pod: plain, volume: directory(user, user, 0o775), dir: "holmes-1000"},
		{name: "own, read-only mode", pod: plain, volume: directory(user, user, 0o500), refused: "permission denied"},
		{name: "missing, in emptyDir", pod: plain, volume: memoryVolume("tmpfs", "mode=0777"), below: "a/b", dir: "."},
		{name: "missing, in a directory of root", pod: plain, volume: directory(0, 0, 0o755), below: "tmp", refused: "permission denied"},
		{
			name: "read-only", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, path, user, user, 0o700)
				testkit.ReadOnly(t, path)
			}, refused: "read-only file system",
		},

		// File systems with one owner and one mode for all files.
		{name: "driver of root's files", pod: plain, volume: mountFixed(0, 0o777, false), dir: "holmes-1000", open: true},
		{name: "driver of root's files, which has an error for modes", pod: plain, volume: mountFixed(0, 0o777, true), dir: "holmes-1000", open: true},
		{name: "driver of root's files, path that does not exist", pod: plain, volume: mountFixed(0, 0o777, false), below: "a", dir: "holmes-1000", open: true},
		{name: "driver of own files that are open to all", pod: plain, volume: mountFixed(user, 0o777, true), dir: "holmes-1000", open: true},
		{name: "driver of own files", pod: plain, volume: mountFixed(user, 0o755, true), dir: ".", open: true},
		{name: "driver of another user's files, root", pod: root, volume: mountFixed(other, 0o777, false), dir: "holmes-0", open: true},

		// The platform changes the volume between two pods.
		{
			name: "path of its own, later of a group", pod: plain, volume: memoryVolume("tmpfs", "mode=0777"), below: "shop",
			between: func(t *testing.T, path string) { changeModes(t, path, group) }, dir: ".", next: "holmes-1000",
		},
		{
			name: "own, later open to all", pod: plain, volume: directory(user, user, 0o755),
			between: func(t *testing.T, path string) { setDir(t, path, user, user, 0o777) }, dir: ".", next: "holmes-1000",
		},
		{
			name: "open to all, later own", pod: plain, volume: directory(0, 0, 0o777),
			between: func(t *testing.T, path string) { setDir(t, path, user, user, 0o755) }, dir: "holmes-1000",
		},
		{
			name: "open to all, later of root alone", pod: plain, volume: directory(0, 0, 0o777),
			between: func(t *testing.T, path string) { setDir(t, path, 0, 0, 0o755) }, dir: "holmes-1000",
		},
		{
			name: "private directory opened", pod: plain, volume: directory(0, 0, 0o777),
			between: func(t *testing.T, path string) {
				require.NoError(t, os.Chmod(filepath.Join(path, "holmes-1000"), 0o777))
			},
			dir: "holmes-1000",
		},
		{
			name: "private directory made read-only", pod: plain, volume: directory(0, 0, 0o777),
			between: func(t *testing.T, path string) {
				require.NoError(t, os.Chmod(filepath.Join(path, "holmes-1000"), 0o500))
			},
			dir: "holmes-1000",
		},

		// Links and what others may have put there.
		{
			name: "StateDirectory of a dynamic user", pod: plain, volume: func(t *testing.T, path string) {
				private := filepath.Join(filepath.Dir(path), "private")
				makeDir(t, private, 0, 0, 0o711)
				makeDir(t, filepath.Join(private, "shop"), user, user, 0o755)
				makeLink(t, "private/shop", path, 0)
			}, dir: "../private/shop",
		},
		{
			name: "own link, to a directory of a group", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, filepath.Dir(path), user, user, 0o755)
				makeDir(t, path+"-real", 0, user, 0o775)
				makeLink(t, path+"-real", path, user)
			}, dir: "../volume-real/holmes-1000",
		},
		{
			name: "link of another user", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", user, user, 0o755)
				makeLink(t, path+"-real", path, other)
			}, refused: "is a symbolic link",
		},
		{
			name: "link of another user, root", pod: root, volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", 0, 0, 0o755)
				makeLink(t, path+"-real", path, other)
			}, refused: "is a symbolic link",
		},
		{
			name: "own link where others can exchange it", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, filepath.Dir(path), 0, 0, 0o777)
				makeDir(t, path+"-real", user, user, 0o755)
				makeLink(t, path+"-real", path, user)
			}, refused: "is a symbolic link",
		},
		{
			name: "link of another user on the way", pod: plain, below: "a/b", volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", user, user, 0o755)
				makeLink(t, path+"-real", path, other)
			}, refused: "at/volume is a symbolic link",
		},
		{
			name: "link of another user on the way, root", pod: root, below: "a", volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", 0, 0, 0o755)
				makeLink(t, "../at/volume-real", path, other)
			}, refused: "at/volume is a symbolic link",
		},
		{
			name: "link of another user on the way of root's link", pod: root, below: "a", volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", 0, 0, 0o755)
				makeLink(t, "volume-real", path+"-theirs", other)
				makeLink(t, "../at/volume-theirs/", path, 0)
			}, refused: "at/volume-theirs is a symbolic link",
		},
		{
			name: "own link on the way, where others can exchange it", pod: plain, below: "a", volume: func(t *testing.T, path string) {
				makeDir(t, filepath.Dir(path), 0, 0, 0o777)
				makeDir(t, path+"-real", user, user, 0o755)
				makeLink(t, path+"-real", path, user)
			}, refused: "at/volume is a symbolic link",
		},
		{
			name: "links of root and of its own on the way", pod: plain, below: "next/shop", volume: func(t *testing.T, path string) {
				makeDir(t, path+"-real", user, user, 0o755)
				makeLink(t, "volume-real", path, 0)
				makeDir(t, path+"-next", user, user, 0o755)
				makeLink(t, "../volume-next", filepath.Join(path, "next"), user)
			}, dir: ".",
		},
		{
			name: "private directory of another user", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, path, 0, 0, 0o777)
				makeDir(t, filepath.Join(path, "holmes-1000"), other, other, 0o777)
			}, refused: "belongs to user 1001",
		},
		{
			name: "private directory of another user, root", pod: root, volume: func(t *testing.T, path string) {
				makeDir(t, path, 0, 0, 0o777)
				makeDir(t, filepath.Join(path, "holmes-0"), other, other, 0o777)
			}, refused: "belongs to user 1001",
		},
		{
			name: "private directory is a link", pod: plain, volume: func(t *testing.T, path string) {
				makeDir(t, path, 0, 0, 0o777)
				makeDir(t, path+"-real", user, user, 0o700)
				makeLink(t, path+"-real", filepath.Join(path, "holmes-1000"), user)
			}, refused: "is a symbolic link",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := t.TempDir()
			require.NoError(t, os.Chmod(filepath.Dir(base), 0o755))
			volume := filepath.Join(base, "at", "volume")
			require.NoError(t, os.Mkdir(filepath.Dir(volume), 0o755))
			c.volume(t, volume)
			path := filepath.Join(volume, c.below)

			first := c.pod.run(t, path, 1)
			if c.refused != "" {
				require.Contains(t, first.Error, c.refused)
				return
			}
			require.Empty(t, first.Error)
			require.Equal(t, filepath.Join(path, c.dir), first.Dir)
			if !c.open {
				requirePrivate(t, first.Dir)
			}
			if c.between != nil {
				c.between(t, path)
			}
			second := c.pod.run(t, path, 3)
			require.Empty(t, second.Error)
			if c.next == "" {
				c.next = c.dir
			}
			require.Equal(t, filepath.Join(path, c.next), second.Dir)
			if !c.open {
				requirePrivate(t, second.Dir)
			}
			require.Equal(t, []string{eventID(1)}, second.Waiting)
			require.Equal(t, []string{eventID(2)}, second.Unfinished)
		})
	}
}
