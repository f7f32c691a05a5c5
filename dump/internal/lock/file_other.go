//go:build !windows && !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package lock

import (
	"errors"
	"os"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// openFile stands in for a lock on systems without flock. Every event that this
// store does not have open itself looks closed there; see the caveats.
func openFile(root *os.Root, name string, create int) (*os.File, error) {
	return root.OpenFile(name, os.O_RDWR|create, 0o600)
}

func removeFile(root *os.Root, name string, f *os.File) error {
	return errors.Join(disk.IgnoreMissing(root.Remove(name)), f.Close())
}
