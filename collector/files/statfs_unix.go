//go:build darwin || freebsd || linux

package files

import "syscall"

// Disk returns the free bytes of the file system that has dir, and its size.
func Disk(dir string) (free, size int64, err error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, 0, err
	}
	block := int64(stat.Bsize) //nolint:unconvert // its type depends on the system
	return int64(stat.Bavail) * block, int64(stat.Blocks) * block, nil
}
