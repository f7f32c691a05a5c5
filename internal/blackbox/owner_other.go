//go:build !linux

package blackbox

// identify fills in nothing on this system. The lock of the file shows whether its
// owner is alive.
func (h *Header) identify() {}

// findProcess is called only for headers that identify has filled in.
func findProcess(int) process { return process{found: true} }
