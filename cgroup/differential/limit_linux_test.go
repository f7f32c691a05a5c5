package differential

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/go-holmes/holmes/cgroup"
)

// limits are what both find, in bytes; 0 is none, and an error is in words.
type limits struct {
	Ours, Theirs         uint64
	OurError, TheirError string
}

// Variables that make the test binary a child.
const (
	rootEnv  = "HOLMES_DIFFERENTIAL_ROOT"  // in this root, because automemlimit reads fixed paths
	groupEnv = "HOLMES_DIFFERENTIAL_GROUP" // in this group
)

func TestMain(m *testing.M) {
	if root, group := os.Getenv(rootEnv), os.Getenv(groupEnv); root != "" || group != "" {
		os.Exit(child(root, group))
	}
	os.Exit(m.Run())
}

func child(root, group string) int {
	var err error
	if root != "" {
		err = errors.Join(syscall.Chroot(root), os.Chdir("/"))
	} else {
		err = os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(read()); err != nil {
		return 1
	}
	return 0
}

func read() (l limits) {
	var err error
	if l.Ours, err = ours(); err != nil {
		l.OurError = err.Error()
	}
	if l.Theirs, err = memlimit.FromCgroup(); err != nil && !errors.Is(err, memlimit.ErrNoLimit) {
		l.TheirError = err.Error()
	}
	return l
}

// ours is the smallest limit at which the kernel kills: memory.high, which
// holmes counts and automemlimit does not, is left out.
func ours() (uint64, error) {
	r, err := cgroup.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var s cgroup.Sample
	if err := r.Sample(&s); err != nil {
		return 0, err
	}
	if s.Memory.Err != nil {
		return 0, s.Memory.Err
	}
	var least uint64
	for _, l := range s.Memory.Levels {
		for _, limit := range []uint64{l.Max, l.Inherited} {
			if limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
		}
	}
	return least, nil
}

func inRoot(t *testing.T, root string) limits   { return ask(t, rootEnv+"="+root) }
func inGroup(t *testing.T, group string) limits { return ask(t, groupEnv+"="+group) }

func ask(t *testing.T, env string) (l limits) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = []string{env}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &l))
	return l
}

func TestFixtures(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing the root, for an automemlimit that reads fixed paths, needs root")
	}
	paths, err := filepath.Glob("../testdata/fixtures/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	compared := 0
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			root := t.TempDir()
			for _, f := range archive.Files {
				if f.Name == "want" {
					continue
				}
				to := filepath.Join(root, f.Name)
				require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
				require.NoError(t, os.WriteFile(to, f.Data, 0o644))
			}
			got := inRoot(t, root)
			t.Logf("%+v", got)
			if why, known := differs[name]; known {
				require.NotEqual(t, got.Theirs, got.Ours, "no longer different (%s): take it off the list", why)
				return
			}
			compared++
			require.Equal(t, got.Theirs, got.Ours, "%+v", got)
		})
	}
	require.Greater(t, compared, 30, "fixtures in which both agree")
}
