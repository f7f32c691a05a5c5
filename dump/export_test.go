package dump

// SealRoom is what is reserved for the last line of an open event's checksums.
const SealRoom = sealRoom

// LineBytes is what the checksum of a file takes.
func LineBytes(name string, size int) int64 {
	return int64(len(sum{name: name, size: int64(size)}.line()))
}

// Locked runs f while no other store or process changes the directory.
func Locked(s *Store, f func()) error {
	return s.locked(func(folder) error { f(); return nil })
}
