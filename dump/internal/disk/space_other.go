//go:build !darwin && !freebsd && !linux

package disk

// Space is not known on this system.
func Space(string) (size, free int64, ok bool) { return 0, 0, false }
