package testkit

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// IsHeavy reports whether the long tests are run in full, as make test-promises does.
func IsHeavy() bool { return os.Getenv("HOLMES_HEAVY") != "" }

// Heavy is how often a long test does something: less often in the usual run.
func Heavy(all, usual int) int {
	if IsHeavy() {
		return all
	}
	return usual
}

// Parallel has a test that waits for other processes, and touches nothing that the whole
// process has, run beside others of its kind. In full each runs by itself: some measure.
func Parallel(t *testing.T) {
	t.Helper()
	if !IsHeavy() {
		t.Parallel()
	}
}

// shm is the file system in memory that Linux has.
const shm = "/dev/shm"

// FastDir returns a directory in memory where there is one, for tests that write a
// lot. A disk syncs some hundred files a second.
func FastDir(t testing.TB) string {
	t.Helper()
	return dirIn(t, shm)
}

// DiskDir returns a directory where temporary files are by default, for tests to which a
// file system in memory is another thing than a disk.
func DiskDir(t testing.TB) string {
	t.Helper()
	return dirIn(t, "/tmp")
}

// dirIn returns a directory in another one for the time of a test, and an ordinary
// temporary directory where that cannot be.
func dirIn(t testing.TB, parent string) string {
	t.Helper()
	dir := filepath.Join(parent, "holmes-"+rand.Text())
	if err := os.Mkdir(dir, 0o700); err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// inMemory has the process, and those that it starts, make temporary files in memory
// until end is called. It does nothing where TMPDIR names a place or memory has too
// little room, nor for the long tests, which are to see a real disk.
func inMemory() (end func()) {
	const room = 1 << 30
	dir := filepath.Join(shm, "holmes-"+rand.Text())
	if IsHeavy() || os.Getenv("TMPDIR") != "" || runnable(shm) < room || os.Mkdir(dir, 0o755) != nil {
		return func() {}
	}
	_ = os.Setenv("TMPDIR", dir) // the name is valid
	return func() { _ = os.RemoveAll(dir) }
}

// FillDisk takes all that the small file system of a directory has left, until the file
// that it returns is removed.
func FillDisk(dir string) (ballast string, err error) {
	ballast = filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return ballast, err
	}
	if _, err = io.Copy(f, io.LimitReader(zeros{}, 64<<20)); !errors.Is(err, syscall.ENOSPC) {
		return ballast, errors.Join(errors.New("the disk is not small"), err, f.Close())
	}
	return ballast, f.Close()
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Descriptors counts the open descriptors on files whose paths begin so, where the
// system tells.
func Descriptors(t testing.TB, prefixes ...string) (n int) {
	t.Helper()
	const all = "/proc/self/fd"
	open, err := os.ReadDir(all)
	if err != nil {
		t.Logf("descriptors are not counted here: %v", err)
	}
	for _, fd := range open {
		to, _ := os.Readlink(filepath.Join(all, fd.Name())) // it fails for the one that reads the directory
		for _, prefix := range prefixes {
			if strings.HasPrefix(to, prefix) {
				n++
			}
		}
	}
	return n
}
