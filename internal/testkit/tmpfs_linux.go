package testkit

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tmpfs mounts a file system in memory for the time of a test, or skips the test.
func Tmpfs(t testing.TB, options string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a tmpfs")
	}
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+options); err != nil {
		t.Skipf("this machine does not let us mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// runnable is how many bytes a file system has left for files, if programs may be run
// from it.
func runnable(dir string) uint64 {
	const noExec = 0x8
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil || s.Flags&noExec != 0 {
		return 0
	}
	return s.Bavail * uint64(s.Bsize)
}
