// Package filelock locks files against other processes and against other opens
// of the same process. The kernel gives a lock up when the file is closed, and so
// when its process dies.
package filelock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

var (
	// ErrHeld is returned while another open file has the lock.
	ErrHeld = errors.New("lock is held elsewhere")
	// ErrNoLocks is returned where the file system has no locks. It wraps
	// [errors.ErrUnsupported].
	ErrNoLocks = fmt.Errorf("%w: the file system has no locks", errors.ErrUnsupported)
)

// HasName reports whether an open file still has the name: its holder may have removed
// it after it was opened here, and only the file that has the name excludes others.
func HasName(dir *os.Root, name string, f *os.File) bool {
	opened, err := f.Stat()
	return err == nil && IsNamed(dir, name, opened)
}

// IsNamed is HasName for a file or a directory that is described already.
func IsNamed(dir *os.Root, name string, opened fs.FileInfo) bool {
	named, err := dir.Lstat(name)
	return err == nil && os.SameFile(named, opened)
}

// IgnoreMissing turns [fs.ErrNotExist] into success, for removals.
func IgnoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
