//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package dump

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockTries bounds how often openLock meets a lock at the very moment when its
// holder removes it. Once is rare.
const lockTries = 10

// openLock opens and locks a file, or returns errHeld. With create set to
// [os.O_CREATE] it makes a missing one. The kernel gives the lock up when the
// process dies.
func openLock(root *os.Root, name string, create int) (*os.File, error) {
	for range lockTries {
		f, err := root.OpenFile(name, os.O_RDWR|create, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
		}
		// What was locked may have been removed by its holder after we opened
		// it. Only the file that bears the name excludes others.
		if info, err := f.Stat(); isSame(root, name, info, err) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("lock %s: %w", name, errHeld)
}

func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errHeld
	case errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK):
		return nil // a file system without locks must not cost the evidence
	}
	return err
}

// closeLock removes the file and unlocks it, in this order: in the other one it
// could be the lock of the next owner that is removed.
func closeLock(root *os.Root, name string, f *os.File) error {
	var err error
	if info, statErr := f.Stat(); isSame(root, name, info, statErr) {
		err = ignoreMissing(root.Remove(name))
	}
	return errors.Join(err, f.Close())
}
