package cgroup_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

func bytesLine(n uint64) string { return fmt.Sprintln(n) }

func TestMove(t *testing.T) {
	root := newTree(t, "systemd-slice")
	root.set(t, "sys/fs/cgroup/other/memory.current", "1000\n")
	root.set(t, "sys/fs/cgroup/other/memory.max", "10000\n")
	r := openTree(t, root, nil)
	require.Equal(t, uint64(1), usage(t, r).Generation)

	root.set(t, "proc/self/cgroup", "0::/other\n")
	u := looked(t, r)
	require.Equal(t, uint64(2), u.Generation)
	require.Equal(t, uint64(10000), u.MemoryLimit)
	require.Equal(t, uint64(2), usage(t, r).Generation)

	root.set(t, "proc/self/cgroup", "0::/batch.slice/import.service\n")
	s := sample(t, r)
	require.Equal(t, uint64(3), s.Generation)
	require.Equal(t, "/batch.slice/import.service", s.Memory.Levels[0].Path)
}

// A move to a group that cannot be seen sets a flag, and does not end the reader.
func TestMoveOutOfSightAndBack(t *testing.T) {
	root, r := openFixture(t, "systemd-slice")
	root.set(t, "proc/self/cgroup", "0::/../elsewhere\n")
	u, err := look(r)
	require.ErrorIs(t, err, cgroup.ErrUnavailable)
	require.ErrorIs(t, err, cgroup.ErrHidden)
	require.Zero(t, u.MemoryUsed)
	require.Zero(t, u.MemoryLimit)
	require.True(t, u.Unseen.Has(cgroup.UnseenMemory))
	require.Equal(t, uint64(2), u.Generation)
	require.ErrorIs(t, r.Sample(new(cgroup.Sample)), cgroup.ErrHidden)

	root.set(t, "proc/self/cgroup", "0::/batch.slice/import.service\n")
	require.Equal(t, uint64(4<<30), looked(t, r).MemoryLimit)
}

// The group is removed and made again between two readings, as when a process is moved away and back: the path is the
// same, but the open files belong to the old group and give ENODEV for ever.
func TestRemovedAndMadeAgain(t *testing.T) {
	for _, read := range []func(*testing.T, *cgroup.Reader) uint64{
		func(t *testing.T, r *cgroup.Reader) uint64 { return usage(t, r).Generation },
		func(t *testing.T, r *cgroup.Reader) uint64 { return sample(t, r).Generation },
	} {
		var d disk
		root := newTree(t, "docker-v2")
		r := openTree(t, root, &d)
		usage(t, r)

		opened := d.opened
		d.failRead = func(path string) error {
			if d.opened == opened && !strings.HasSuffix(path, "/proc/self/cgroup") {
				return syscall.ENODEV // all files that were open before
			}
			return nil
		}
		root.set(t, "sys/fs/cgroup/memory.max", "629145600\n")
		require.Equal(t, uint64(2), read(t, r))
		require.Equal(t, uint64(600<<20), usage(t, r).MemoryLimit)
		require.Equal(t, uint64(2), usage(t, r).Generation)
	}
}

// Controllers can be switched on for a group while processes are in it: files appear that were not there.
func TestControllerSwitchedOn(t *testing.T) {
	root, r := openFixture(t, "controllers-not-enabled")
	before := usage(t, r)
	require.Equal(t, uint64(192<<20), before.MemoryLimit)

	const leaf = "sys/fs/cgroup/parent/leaf/"
	root.set(t, leaf+"memory.current", "67108864\n")
	root.set(t, leaf+"memory.max", "67108864\n")
	root.set(t, leaf+"cpu.max", "10000 100000\n")
	root.set(t, leaf+"cgroup.controllers", "cpu memory pids\n")
	calls := callsUntil(t, r, func(u cgroup.Usage) bool { return u.MemoryLimit == 64<<20 && u.CPULimit == 0.1 })
	require.LessOrEqual(t, calls, 2*callsPerLevel)
	require.Equal(t, before.Generation+1, usage(t, r).Generation)
}

// However often the process is moved, no file stays open.
func TestMovesLeakNothing(t *testing.T) {
	var d disk
	root := newTree(t, "nested-limit-on-parent-only")
	root.set(t, "sys/fs/cgroup/other/memory.current", "1000\n")
	r := openTree(t, root, &d)
	open := d.opened - d.closed
	moves := testkit.Heavy(10_000, 500)
	for range moves / 2 {
		root.set(t, "proc/self/cgroup", "0::/other\n")
		looked(t, r)
		root.set(t, "proc/self/cgroup", "0::/parent/leaf\n")
		looked(t, r)
	}
	require.Equal(t, open, d.opened-d.closed)
	require.Equal(t, uint64(moves+1), usage(t, r).Generation)
}
