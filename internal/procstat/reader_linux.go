//go:build !holmes_gopsutil

package procstat

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Reader reads figures of this process. It keeps open what it needs, and is not safe for concurrent use: the readings
// share their buffers, which is why they allocate nothing.
type Reader struct {
	statm, status, stat, task handle
	meminfo                   handle
	nlink                     bool // the link count of /proc/self/task shows the number of threads
	pageSize                  uint64
	ceiling                   ceiling

	shmem  uint64 // as of the last reading of status
	shared uint64 // and what statm said then
	buf    []byte // a line of statm or stat, the longest of which is about 400 bytes, or the beginning of another file
	rusage syscall.Rusage
	inode  syscall.Stat_t
}

// Open opens the files that are read later. Where /proc is missing, each reading that needs it fails, with the reason,
// and the others work.
func Open() *Reader { return open("/proc/self") }

func open(dir string) *Reader {
	r := &Reader{
		meminfo:  openHandle(filepath.Dir(dir)+"/meminfo", 0),
		statm:    openHandle(dir+"/statm", 0),
		status:   openHandle(dir+"/status", 0),
		stat:     openHandle(dir+"/stat", 0),
		task:     openHandle(dir+"/task", syscall.O_DIRECTORY),
		pageSize: uint64(os.Getpagesize()),
		ceiling:  newCeiling(),
		buf:      make([]byte, 1024),
	}
	r.nlink = r.countsThreads()
	return r
}

// CPUTime returns the CPU time, user and system, that all threads of this process have used since it started.
func (r *Reader) CPUTime() (time.Duration, error) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r.rusage); err != nil {
		return 0, fmt.Errorf("holmes: procstat: getrusage: %w", err)
	}
	return time.Duration(r.rusage.Utime.Nano() + r.rusage.Stime.Nano()), nil
}

// HostAvailable returns how many bytes the processes of the machine can still take before it swaps or kills: MemAvailable,
// an estimate of the kernel since Linux 3.14.
func (r *Reader) HostAvailable() (uint64, error) {
	text, err := r.meminfo.readHead(r.buf)
	n := uint64(0)
	if err == nil {
		n, err = memAvailable(text)
	}
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: available memory: %w", err)
	}
	return n, nil
}

// Threads returns the number of operating system threads of this process.
func (r *Reader) Threads() (int, error) {
	count := r.statThreads
	if r.nlink {
		count = r.taskThreads
	}
	n, err := count()
	if err != nil {
		return 0, fmt.Errorf("holmes: procstat: threads: %w", err)
	}
	return n, nil
}

// Close closes what is kept open; the readings that need it return [os.ErrClosed] from then on. Closing again does nothing.
func (r *Reader) Close() error {
	err := errors.Join(r.statm.close(), r.status.close(), r.stat.close(), r.task.close(), r.meminfo.close())
	if err != nil {
		return fmt.Errorf("holmes: procstat: close: %w", err)
	}
	return nil
}

// taskThreads takes the number of threads from the link count of /proc/self/task, which is 2 more. It costs
// a tenth of reading stat, for which the kernel adds up figures of all threads.
func (r *Reader) taskThreads() (int, error) {
	if err := r.task.fstat(&r.inode); err != nil {
		return 0, err
	}
	return int(r.inode.Nlink) - 2, nil
}

// statThreads takes the number of threads from /proc/self/stat.
func (r *Reader) statThreads() (int, error) {
	line, err := r.stat.read(r.buf)
	if err != nil {
		return 0, err
	}
	return threadCount(line)
}

// countsThreads reports whether the link count of /proc/self/task follows the threads, which file systems that
// imitate /proc need not do. A thread may start or end meanwhile, hence the range.
func (r *Reader) countsThreads() bool {
	before, err := r.taskThreads()
	if err != nil {
		return false
	}
	n, err := r.statThreads()
	if err != nil {
		return before > 0 // there is no other figure to compare with
	}
	after, err := r.taskThreads()
	return err == nil && min(before, after) <= n && n <= max(before, after)
}
