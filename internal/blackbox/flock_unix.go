//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package blackbox

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes a file for as long as it stays open in this process: the
// kernel gives the lock up when the process dies. It never waits, and fails
// with errHeld or errNoLocks.
func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errHeld
	case errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK):
		return errNoLocks
	}
	return os.NewSyscallError("flock", err)
}
