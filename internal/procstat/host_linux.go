//go:build !holmes_gopsutil

package procstat

import (
	"fmt"
	"math/bits"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// HostMemory returns the bytes of RAM of the machine, without the memory that the kernel reserves for itself. Control
// groups and file systems that imitate /proc do not change it.
func HostMemory() (uint64, error) {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0, fmt.Errorf("holmes: procstat: sysinfo: %w", err)
	}
	return uint64(info.Totalram) * uint64(info.Unit), nil //nolint:unconvert // 32 bits wide on some architectures
}

// ThreadCPUTime returns the CPU time, user and system, that the calling thread has used. A goroutine that measures its
// own has to be locked to its thread meanwhile.
func ThreadCPUTime() (time.Duration, error) {
	const rusageThread = 1 // RUSAGE_THREAD, which package syscall lacks
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		return 0, fmt.Errorf("holmes: procstat: CPU time of a thread: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// Cores returns the number of cores that this process may run on now: those in the affinity mask of the calling
// thread, which follows taskset and cpusets. [runtime.NumCPU] is what it was when the process started.
func Cores() int {
	// The kernel refuses a mask that is too small for the machine; this one is enough for 8192 cores.
	var mask [8192 / bits.UintSize]uint
	size, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask),
		uintptr(unsafe.Pointer(&mask)))
	if errno != 0 {
		return runtime.NumCPU()
	}
	n := 0
	for _, word := range mask[:min(int(size/unsafe.Sizeof(mask[0])), len(mask))] {
		n += bits.OnesCount(word)
	}
	return max(n, 1)
}
