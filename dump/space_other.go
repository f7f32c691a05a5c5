//go:build !darwin && !freebsd && !linux

package dump

// space is not known on this system.
func space(string) (size, free int64, ok bool) { return 0, 0, false }
