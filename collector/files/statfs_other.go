//go:build !darwin && !freebsd && !linux

package files

import "errors"

// Disk returns the free bytes of the file system that has dir, and its size.
func Disk(string) (free, size int64, err error) {
	return 0, 0, errors.ErrUnsupported
}
