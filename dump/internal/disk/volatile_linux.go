package disk

import "syscall"

// Volatile reports whether the files of dir are in memory, so that the kernel charges
// them to the processes that write them.
func Volatile(dir string) bool {
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return false
	}
	kind := uint32(s.Type) // some systems have it as a signed number
	return kind == tmpfs || kind == ramfs
}
