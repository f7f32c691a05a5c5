//go:build darwin || freebsd || linux

package disk

import "syscall"

// Space returns the bytes that the file system of dir has, and how many of
// them its users may still take.
func Space(dir string) (size, free int64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Blocks == 0 { // it has no limit, as ramfs
		return 0, 0, false
	}
	return times(s.Blocks, s.Bsize), times(s.Bavail, s.Bsize), true
}

// times multiplies figures that have other types on every system.
func times[A, B int32 | int64 | uint32 | uint64](blocks A, each B) int64 {
	return int64(blocks) * int64(each)
}
