//go:build !linux

package storetest

import "testing"

// Full checks what a full disk does, on Linux.
func Full(t *testing.T, _ Open) {
	t.Helper()
	t.Skip("this system has no tmpfs")
}

// Evict checks that a full disk makes room, on Linux.
func Evict(t *testing.T, _ Open) {
	t.Helper()
	t.Skip("this system has no tmpfs")
}
