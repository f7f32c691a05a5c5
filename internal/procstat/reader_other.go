//go:build !linux || holmes_gopsutil

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
	err  error // why there is none
}

// Open looks this process up. Where the system does not find it, each reading of the process fails, with the reason.
func Open() *Reader {
	self, err := process.NewProcess(int32(os.Getpid()))
	return &Reader{self, err}
}

// of takes a reading of the process.
func of[T any](r *Reader, what string, read func(*process.Process) (T, error)) (got T, err error) {
	if err = r.err; err == nil {
		got, err = read(r.self)
	}
	if err != nil {
		return got, fmt.Errorf("holmes: procstat: %s: %w", what, err)
	}
	return got, nil
}

// CPUTime returns the CPU time, user and system, that all threads of this process have used since it started.
func (r *Reader) CPUTime() (time.Duration, error) {
	t, err := of(r, "CPU time", (*process.Process).Times)
	if err != nil {
		return 0, err
	}
	return time.Duration((t.User + t.System) * float64(time.Second)), nil
}

// Memory returns the memory of this process. gopsutil does not tell the pages of files apart.
func (r *Reader) Memory() (Memory, error) {
	m, err := of(r, "memory of the process", (*process.Process).MemoryInfo)
	if err != nil {
		return Memory{}, err
	}
	return Memory{Resident: m.RSS, Used: m.RSS}, nil
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
	n, err := of(r, "threads", (*process.Process).NumThreads)
	return int(n), err
}

// Close does nothing here: nothing is kept open.
func (r *Reader) Close() error { return nil }
