//go:build !linux

package cgroup

import "os"

// supported says whether the system this was built for has control groups.
const supported = false

// openFile opens a file to be read again and again from its beginning. There are no control groups here, only trees of
// files that stand for a system, see [WithRoot].
func openFile(path string) (file, error) { return os.Open(path) }
