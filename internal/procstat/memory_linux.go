//go:build !holmes_gopsutil

package procstat

import (
	"fmt"
	"math"
	"syscall"
)

// sharedStep is how much shared memory may change until status is read again, which takes six times as long as statm.
const sharedStep = 1 << 20

// Memory returns the memory of this process. Since Linux 6.2 the kernel gives an approximation that can be off by some
// pages for each core.
//
// statm counts the pages of files and shared memory together. How many of them are shared memory is read from status,
// when their sum has changed by a MiB.
func (r *Reader) Memory() (m Memory, err error) {
	line, err := r.statm.read(r.buf)
	var p pages
	if err == nil {
		p, err = parsePages(line)
	}
	if err != nil {
		return m, fmt.Errorf("holmes: procstat: memory of the process: %w", err)
	}
	shared := p.shared * r.pageSize
	if max(shared, r.shared)-min(shared, r.shared) >= sharedStep {
		r.shared, r.shmem = shared, r.readShmem()
	}
	m.Resident = p.resident * r.pageSize
	m.Used = m.Resident - min(m.Resident, shared) + min(r.shmem, shared)
	r.ceiling.room(&m, p.size*r.pageSize, p.data*r.pageSize)
	return m, nil
}

// readShmem reads the resident shared memory, 0 where the kernel does not tell. The line may be far down, behind the
// list of the groups of the user.
func (r *Reader) readShmem() uint64 {
	for {
		text, err := r.status.readHead(r.buf)
		if n, missing := sharedMemory(text); missing == nil || err != nil || len(text) < len(r.buf) {
			return n
		}
		r.buf = make([]byte, 2*len(r.buf))
	}
}

// A ceiling is the limits of the address space of this process, which the Go runtime cannot exceed without a fatal error.
type ceiling struct{ as, data uint64 }

const infinity = math.MaxUint64 // RLIM_INFINITY

// newCeiling reads the limits, which hardly any process changes once it runs.
func newCeiling() ceiling {
	read := func(resource int) uint64 {
		var l syscall.Rlimit
		if err := syscall.Getrlimit(resource, &l); err != nil {
			return infinity
		}
		return l.Cur
	}
	return ceiling{as: read(syscall.RLIMIT_AS), data: read(syscall.RLIMIT_DATA)}
}

// room sets the room that is left of the limits, given what is mapped.
func (c ceiling) room(m *Memory, size, data uint64) {
	if c.as != infinity {
		m.Room, m.Rlimit = c.as-min(c.as, size), "RLIMIT_AS"
	}
	if c.data != infinity {
		if left := c.data - min(c.data, data); m.Rlimit == "" || left < m.Room {
			m.Room, m.Rlimit = left, "RLIMIT_DATA"
		}
	}
}
