//go:build !linux

package testkit

func runnable(string) uint64 { return 0 }
