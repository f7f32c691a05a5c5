package differential

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const prefix = "holmes-differential-"

// hierarchy is where the memory controller is on this machine.
type hierarchy struct {
	mount string
	limit string // the file that holds the limit of a group
	below string // what has to be written for a group to hand the controller on, if anything
}

// findHierarchy looks in the places where systems mount the memory controller.
func findHierarchy() (hierarchy, bool) {
	const root = "/sys/fs/cgroup"
	v1 := hierarchy{mount: root + "/memory", limit: "memory.limit_in_bytes"}
	if _, err := os.Stat(filepath.Join(v1.mount, v1.limit)); err == nil {
		return v1, true
	}
	for _, mount := range []string{root, root + "/unified"} {
		controllers, err := os.ReadFile(filepath.Join(mount, "cgroup.subtree_control"))
		if err == nil && slices.Contains(strings.Fields(string(controllers)), "memory") {
			return hierarchy{mount: mount, limit: "memory.max", below: "+memory"}, true
		}
	}
	return hierarchy{}, false
}

// Real nested groups: a limit on the leaf, on the parent only, on both, and none
// of them.
func TestDifferentialRealGroups(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making groups needs root")
	}
	h, found := findHierarchy()
	if !found {
		t.Skip("there is no memory controller here that groups can be made in")
	}
	h.sweep(t)
	for name, c := range map[string]struct{ parent, leaf, want int }{
		"leaf only":            {0, 128 << 20, 128 << 20},
		"parent only":          {256 << 20, 0, 256 << 20},
		"both, leaf is less":   {256 << 20, 64 << 20, 64 << 20},
		"both, parent is less": {64 << 20, 256 << 20, 64 << 20},
		"none":                 {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			parent, err := os.MkdirTemp(h.mount, prefix+strconv.Itoa(os.Getpid())+"-") //nolint:usetesting // a group is made below its mount
			require.NoError(t, err)
			leaf := filepath.Join(parent, "leaf")
			t.Cleanup(func() {
				_ = os.Remove(leaf)
				_ = os.Remove(parent)
			})
			h.set(t, parent, c.parent)
			if h.below != "" {
				write(t, filepath.Join(parent, "cgroup.subtree_control"), h.below)
			}
			require.NoError(t, os.Mkdir(leaf, 0o755))
			h.set(t, leaf, c.leaf)

			got := inGroup(t, leaf)
			t.Logf("%+v", got)
			require.Empty(t, got.OurError)
			require.Empty(t, got.TheirError)
			require.Equal(t, got.Theirs, got.Ours)
			require.EqualValues(t, c.want, got.Ours)
		})
	}
}

func (h hierarchy) set(t *testing.T, group string, limit int) {
	t.Helper()
	if limit > 0 {
		write(t, filepath.Join(group, h.limit), strconv.Itoa(limit))
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0))
}

// sweep removes the groups that killed runs have left.
func (h hierarchy) sweep(t *testing.T) {
	t.Helper()
	stale, err := filepath.Glob(filepath.Join(h.mount, prefix+"*"))
	require.NoError(t, err)
	for _, group := range stale {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(group), prefix), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = os.Remove(filepath.Join(group, "leaf"))
			_ = os.Remove(group)
		}
	}
}
