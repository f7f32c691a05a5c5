package differential

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	mountV1 = "/sys/fs/cgroup/memory"
	prefix  = "holmes-differential-"
)

// Real nested v1 groups: a limit on the leaf, on the parent only, on both, and
// none of them.
func TestRealGroups(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making groups needs root")
	}
	if _, err := os.Stat(filepath.Join(mountV1, "memory.limit_in_bytes")); err != nil {
		t.Skip("there is no v1 memory hierarchy here")
	}
	sweep(t)
	for name, c := range map[string]struct{ parent, leaf, want int }{
		"leaf only":            {0, 128 << 20, 128 << 20},
		"parent only":          {256 << 20, 0, 256 << 20},
		"both, leaf is less":   {256 << 20, 64 << 20, 64 << 20},
		"both, parent is less": {64 << 20, 256 << 20, 64 << 20},
		"none":                 {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			parent, err := os.MkdirTemp(mountV1, prefix+strconv.Itoa(os.Getpid())+"-") //nolint:usetesting // a group is made below its mount
			require.NoError(t, err)
			leaf := filepath.Join(parent, "leaf")
			require.NoError(t, os.Mkdir(leaf, 0o755))
			t.Cleanup(func() {
				_ = os.Remove(leaf)
				_ = os.Remove(parent)
			})
			set(t, parent, c.parent)
			set(t, leaf, c.leaf)

			got := inGroup(t, leaf)
			t.Logf("%+v", got)
			require.Empty(t, got.OurError)
			require.Empty(t, got.TheirError)
			require.Equal(t, got.Theirs, got.Ours)
			require.EqualValues(t, c.want, got.Ours)
		})
	}
}

func set(t *testing.T, group string, limit int) {
	t.Helper()
	if limit > 0 {
		require.NoError(t, os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte(strconv.Itoa(limit)), 0o644))
	}
}

// sweep removes the groups that killed runs have left.
func sweep(t *testing.T) {
	t.Helper()
	stale, err := filepath.Glob(filepath.Join(mountV1, prefix+"*"))
	require.NoError(t, err)
	for _, group := range stale {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(group), prefix), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = os.Remove(filepath.Join(group, "leaf"))
			_ = os.Remove(group)
		}
	}
}
