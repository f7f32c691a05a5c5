// Package filelock locks files against other processes and against other opens
// of the same process. The kernel gives a lock up when the file is closed, and so
// when its process dies.
package filelock

import (
	"errors"
	"fmt"
)

var (
	// ErrHeld is returned while another open file has the lock.
	ErrHeld = errors.New("lock is held elsewhere")
	// ErrNoLocks is returned where the file system has no locks. It wraps
	// [errors.ErrUnsupported].
	ErrNoLocks = fmt.Errorf("%w: the file system has no locks", errors.ErrUnsupported)
)
