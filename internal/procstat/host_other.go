//go:build !linux || holmes_gopsutil

package procstat

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v3/mem"
)

// HostMemory returns the bytes of RAM of the machine.
func HostMemory() (uint64, error) {
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: memory of the machine: %w", err)
	}
	return m.Total, nil
}

// ThreadCPUTime fails: other systems than Linux provide it through cgo only.
func ThreadCPUTime() (time.Duration, error) {
	return 0, fmt.Errorf("holmes: procstat: CPU time of a thread: %w", errors.ErrUnsupported)
}

// Cores returns the number of cores that this process may run on.
func Cores() int { return runtime.NumCPU() }
