//go:build !windows && !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package dump

import (
	"errors"
	"os"
)

// openLock stands in for a lock on systems without flock. Every event that this
// store does not have open itself looks closed there; see the caveats.
func openLock(root *os.Root, name string, create int) (*os.File, error) {
	return root.OpenFile(name, os.O_RDWR|create, 0o600)
}

func closeLock(root *os.Root, name string, f *os.File) error {
	return errors.Join(ignoreMissing(root.Remove(name)), f.Close())
}
