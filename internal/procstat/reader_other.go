//go:build !linux

package procstat

import (
	"fmt"
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/process"
)

// Reader reads figures of this process. It is not safe for concurrent use.
type Reader struct {
	self *process.Process
}

// Open looks this process up. It fails only where the system does not find it.
func Open() (*Reader, error) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("holmes: procstat: %w", err)
	}
	return &Reader{self: self}, nil
}

// CPUTime returns the CPU time, user and system, that all threads of this process have used since it started.
func (r *Reader) CPUTime() (time.Duration, error) {
	t, err := r.self.Times()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: CPU time: %w", err)
	}
	return time.Duration((t.User + t.System) * float64(time.Second)), nil
}

// RSS returns the resident memory of this process in bytes.
func (r *Reader) RSS() (uint64, error) {
	m, err := r.self.MemoryInfo()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: resident memory: %w", err)
	}
	return m.RSS, nil
}

// HostAvailable returns how many bytes the processes of the machine can still take before it swaps.
func (r *Reader) HostAvailable() (uint64, error) {
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: available memory: %w", err)
	}
	return m.Available, nil
}

// Threads returns the number of operating system threads of this process.
func (r *Reader) Threads() (int, error) {
	n, err := r.self.NumThreads()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: threads: %w", err)
	}
	return int(n), nil
}

// Close does nothing here: nothing is kept open.
func (r *Reader) Close() error { return nil }
