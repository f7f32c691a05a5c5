//go:build !linux

package disk

// Volatile is not known on this system.
func Volatile(string) bool { return false }
