//go:build !linux

package blackbox

// identify knows nothing here. The lock on the file is what tells.
func (h *Header) identify() {}

// lookUp is asked only about what identify has filled in.
func lookUp(int) process { return process{found: true} }
