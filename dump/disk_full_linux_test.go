package dump_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestDiskFull(t *testing.T) {
	dir := testkit.Tmpfs(t, "size=256k")
	s := openStore(t, dir, dump.Options{KeepFree: -1})
	e := create(t, s, 1, 1000)
	before := weight(t, dir)

	require.ErrorIs(t, testkit.Err(e.Write("heap.pb.gz", fill(1<<20))), syscall.ENOSPC)
	require.Equal(t, map[string]int64{"cpu.pb.gz": 1000}, visible(t, e.Path()))
	require.Equal(t, before, s.Usage().Bytes)
	require.ErrorIs(t, testkit.Err(e.Replace("cpu.pb.gz", fill(1<<20))), syscall.ENOSPC)
	require.EqualValues(t, 1000, tree(t, e.Path())["cpu.pb.gz"])

	// Others fill the disk to the last byte, and make room again.
	ballast := testkit.Must(testkit.FillDisk(dir))(t)
	require.ErrorIs(t, testkit.Err(e.Write("event.json", text("{}"))), syscall.ENOSPC)
	require.NoError(t, e.Close(dump.Class{}))
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, create(t, s, 2, 1000).Close(dump.Class{}))
}

func TestNoInodes(t *testing.T) {
	dir := testkit.Tmpfs(t, "nr_inodes=12")
	s := openStore(t, dir, dump.Options{})
	var err error
	for n := 0; n < 10 && err == nil; n++ {
		var e *dump.Entry
		if e, err = s.Create(eventID(n)); err == nil {
			_, err = e.Write("cpu.pb.gz", text("evidence"))
			require.NoError(t, e.Close(dump.Class{}))
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	ids := testkit.Must(s.List())(t)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, ids[0])))
	require.NoError(t, create(t, s, 20, 10).Close(dump.Class{}))
}

func TestReadOnly(t *testing.T) {
	dir := testkit.Tmpfs(t, "size=256k")
	s := openStore(t, dir, dump.Options{MaxEvents: 2})
	for n := range 2 {
		require.NoError(t, create(t, s, n, 10).Close(dump.Class{}))
	}
	require.NoError(t, s.Close()) // an open lock would prevent the mount
	remount := func(flags uintptr) {
		require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, "size=256k"))
	}
	remount(syscall.MS_RDONLY)
	require.ErrorIs(t, testkit.Err(s.Create(eventID(3))), syscall.EROFS)
	_, err := dump.Open(dir, dump.Options{})
	require.ErrorIs(t, err, syscall.EROFS) // and not at the first event
	requireEvents(t, s, 0, 1)
	require.Equal(t, dump.Usage{Events: 2, Bytes: lockBytes + 2*closed(10)}, s.Usage())

	remount(0)
	require.NoError(t, create(t, s, 3, 10).Close(dump.Class{}))
	requireEvents(t, s, 1, 3)
}

// Options.KeepFree is kept free, and delivered events are removed for it.
func TestDiskIsNotFilled(t *testing.T) {
	dir := testkit.Tmpfs(t, "size=1m")
	s := openStore(t, dir, dump.Options{KeepFree: 256 << 10})
	free := func() int64 {
		var stat syscall.Statfs_t
		require.NoError(t, syscall.Statfs(dir, &stat))
		return int64(stat.Bavail * uint64(stat.Bsize))
	}
	for n := range 50 {
		require.NoError(t, create(t, s, n, 3000+n*n*7919%130_000).Close(dump.Class{}))
		require.GreaterOrEqual(t, free(), int64(256<<10))
	}
	require.Greater(t, s.Usage().Events, 4)

	// Others take the rest: delivered events are removed, waiting ones are not.
	id := waitingEvent(t, s, 70, "a")
	ballast := testkit.Must(testkit.FillDisk(dir))(t)
	require.NoError(t, create(t, s, 71, 1000).Close(dump.Class{}), "what was delivered makes room")
	require.GreaterOrEqual(t, free(), int64(256<<10))
	require.NoError(t, s.SetLimits(dump.Options{KeepFree: 900 << 10}))
	_, err := s.Create(eventID(72))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.ErrorContains(t, err, "921600 of them to be kept")
	requireEvents(t, s, 70)
	require.NoError(t, s.Delivered(id, "a"), "a mark takes nothing")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, create(t, s, 73, 1000).Close(dump.Class{}))
}
