package blackbox

import "os"

// inUse reports whether the runtime still writes to the file. It keeps a duplicate of
// the descriptor, and closes that when it is given another file.
func (c *Crash) inUse() bool {
	const descriptors = "/proc/self/fd"
	ours, err := c.file.Stat()
	if err != nil {
		return true
	}
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		return true // unknown without /proc
	}
	open := 0
	for _, e := range entries {
		if info, err := os.Stat(descriptors + "/" + e.Name()); err == nil && os.SameFile(info, ours) {
			open++
		}
	}
	return open > 1
}
