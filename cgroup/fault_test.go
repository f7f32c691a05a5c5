package cgroup_test

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// Without a free descriptor the files of another group cannot be opened. That passes, and the reader finds them then.
func TestNoDescriptors(t *testing.T) {
	var d disk
	root := newTree(t, "nested-limit-on-parent-only")
	r := openTree(t, root, &d)
	d.failOpen = failing(syscall.EMFILE, "")
	root.set(t, "proc/self/cgroup", "0::/parent\n")
	for range 10 {
		u, err := look(r)
		require.ErrorIs(t, err, cgroup.ErrUnavailable)
		require.ErrorIs(t, err, syscall.EMFILE)
		require.Zero(t, u.MemoryLimit, "not that of the group that was left")
	}
	require.Equal(t, 1, d.opened-d.closed)

	d.failOpen = nil
	u, err := look(r)
	for n := 0; err != nil; n++ {
		require.Less(t, n, 64, "must be tried again")
		u, err = look(r)
	}
	require.Equal(t, uint64(128<<20), u.MemoryLimit)
	require.Zero(t, u.MemoryLevel)
}

// Attempts become rarer, so that a lasting failure costs next to nothing.
func TestAttemptsAreSpaced(t *testing.T) {
	var d disk
	r := openTree(t, newTree(t, "docker-v2"), &d)
	d.failRead = failing(syscall.ENODEV, "/memory.current")
	var u cgroup.Usage
	for range 1024 {
		require.NoError(t, r.Usage(&u)) // CPU and limits can still be read
	}
	require.True(t, u.Unseen.Has(cgroup.UnseenMemory))
	require.Less(t, u.Generation, uint64(16))
	require.Greater(t, u.Generation, uint64(4))
}

// A file that this user may not read says nothing; that lasts, and is not tried again.
func TestPermissionDenied(t *testing.T) {
	d := disk{failOpen: failing(fs.ErrPermission, "/memory.stat", "/cpu.max")}
	r := openTree(t, newTree(t, "docker-v2"), &d)
	for range 100 {
		usage(t, r)
	}
	u := usage(t, r)
	require.Equal(t, uint64(1), u.Generation)
	require.True(t, u.MemoryRaw)
	require.Equal(t, uint64(300<<20), u.MemoryUsed)
	require.True(t, u.Unseen.Has(cgroup.UnseenMemoryStat))
	require.True(t, u.Unseen.Has(cgroup.UnseenCPULimit))
}

func TestPermissionDeniedForAll(t *testing.T) {
	d := disk{failOpen: func(path string) error {
		return failing(fs.ErrPermission, "memory.max", "memory.high", "memory.current", "memory.stat", "memory.events.local",
			"memory.events", "cpu.max", "cpu.stat")(path)
	}}
	_, err := cgroup.Open(cgroup.WithRoot(string(newTree(t, "docker-v2"))), cgroup.WithOpen(d.open))
	require.ErrorIs(t, err, cgroup.ErrUnavailable)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.Equal(t, d.opened, d.closed)
}

// Pressure can be switched off while its files are there.
func TestPressureSwitchedOff(t *testing.T) {
	d := disk{failRead: failing(syscall.EOPNOTSUPP, ".pressure")}
	s := sample(t, openTree(t, newTree(t, "docker-v2"), &d))
	require.True(t, s.Unseen.Has(cgroup.UnseenPressure))
	require.Zero(t, s.CPU.Pressure)
	require.Equal(t, uint64(512<<20), s.Memory.Limit)
	require.Equal(t, uint64(1), s.Generation)
}

// While the membership cannot be read, the former groups are used, with a flag.
func TestMembershipUnreadable(t *testing.T) {
	var d disk
	root := newTree(t, "docker-v2")
	r := openTree(t, root, &d)
	open := d.opened - d.closed
	d.failRead = failing(syscall.EIO, "/proc/self/cgroup")
	for range 10 {
		u := looked(t, r)
		require.True(t, u.Unseen.Has(cgroup.UnseenMembership))
		require.Equal(t, uint64(512<<20), u.MemoryLimit)
	}
	require.True(t, sample(t, r).Unseen.Has(cgroup.UnseenMembership))

	d.failRead = nil
	u := looked(t, r)
	require.False(t, u.Unseen.Has(cgroup.UnseenMembership))
	require.Equal(t, uint64(1), u.Generation)
	require.Equal(t, open, d.opened-d.closed)
}

// A file may be longer than any that there is today, but not endless.
func TestLongFiles(t *testing.T) {
	root := newTree(t, "docker-v2")
	r := openPlain(t, root)
	const stat = "sys/fs/cgroup/memory.stat"
	text := readFixture(t, "docker-v2").files[stat]
	root.set(t, stat, strings.Repeat("another_figure 1\n", 10_000)+text)
	s := sample(t, r)
	require.Equal(t, uint64(265<<20), s.Memory.Levels[0].Used())

	root.set(t, stat, text+strings.Repeat("another_figure 1\n", 100_000))
	s = sample(t, r)
	require.True(t, s.Unseen.Has(cgroup.UnseenMemoryStat))
	require.Equal(t, uint64(300<<20), s.Memory.Levels[0].Used())
}

func TestFailureToCloseIsTold(t *testing.T) {
	r, err := cgroup.Open(cgroup.WithRoot(string(newTree(t, "docker-v2"))), cgroup.WithOpen(func(path string) (cgroup.File, error) {
		f, err := cgroup.OpenFile(path)
		return brokenClose{f}, err
	}))
	require.NoError(t, err)
	err = r.Close()
	require.ErrorIs(t, err, syscall.EIO)
	require.ErrorContains(t, err, "holmes: cgroup: close: ")
	require.NoError(t, r.Close())
}

// brokenClose closes, but says that it could not.
type brokenClose struct{ cgroup.File }

func (f brokenClose) Close() error { return errors.Join(f.File.Close(), syscall.EIO) }
