//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package filelock

import (
	"errors"
	"os"
)

// Try locks a file for as long as it stays open. It never waits, and fails with
// [ErrHeld], [ErrNoLocks], or with [errors.ErrUnsupported] on a system without
// flock.
func Try(*os.File) error { return errors.ErrUnsupported }
