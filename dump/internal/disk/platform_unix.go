//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// UserID returns the user that a file belongs to. It is false where files have
// no owner and no permission bits.
func UserID(info fs.FileInfo) (uid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

// syncDir makes the names in dir survive a loss of power.
func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // a file system that keeps its names safe in its own way
	}
	return err
}
