package dump

import (
	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
)

// SealRoom is what is reserved for the last line of an open event's checksums.
const SealRoom = checksum.Room

// LineBytes is what the checksum of a file takes.
func LineBytes(name string, size int) int64 {
	return int64(len(checksum.Sum{Name: name, Size: int64(size)}.Line()))
}

// Locked runs f while no other store or process changes the directory.
func Locked(s *Store, f func()) error {
	return s.locked(func(disk.Dir) error { f(); return nil })
}
