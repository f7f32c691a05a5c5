package cgroup

import (
	"bytes"
	"fmt"
	"sync"
)

// Reader reads the limits and the usage of the control groups that this process is in. It keeps some eight files for each
// level open, and notices when the process is moved. It is safe for concurrent use.
type Reader struct {
	mu     sync.Mutex
	config config
	buf    []byte // what was read last
	closed bool

	self       file   // /proc/self/cgroup
	member     []byte // its content at the last look-up
	lost       bool   // it could not be read this time
	groups     *groups
	generation uint64
	calls      uint // of Usage
	stale      bool // a file is gone
	stuck      bool // it was gone at the end of the last look-up
	retry      retry
}

// Open finds the control groups of this process and reads all of their files once. It fails only when no controller can
// be seen, with [ErrUnavailable], or with [ErrUnsupported] on a system without control groups; then the caller uses the
// numbers of the host. If one controller cannot be seen, [Sample.Unseen] and its own Err say so.
func Open(opts ...Option) (*Reader, error) {
	r := &Reader{config: config{open: openFile}, buf: make([]byte, 4096), groups: new(groups)}
	for _, o := range opts {
		if err := o.apply(&r.config); err != nil {
			return nil, err
		}
	}
	if !supported && r.config.root == "" {
		return nil, ErrUnsupported
	}
	text, err := r.membership()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.member = bytes.Clone(text)
	r.resolve()
	if err := r.groups.unavailable(); err != nil {
		_ = r.closeFiles()
		return nil, err
	}
	return r, nil
}

// Usage reads the figures for a tick into u. It costs at most three system calls and allocates nothing: it reads the usage
// of the binding level and, if that is over 7/8 of the limit or has changed by 1/64 of the limit, its memory.stat; and it
// reads one of the other files, in rotation, or at every fourth call checks whether the process was moved. So a change of
// a limit, or at another level, or of the page cache alone, is seen after at most eight calls for each visible level, and
// a move after four. The call that finds the process in another group, or its group removed, looks everything up again,
// which costs about a hundred microseconds once.
//
// It fails with [ErrUnavailable] as long as no controller can be seen, and with [ErrClosed]; u has no figures then.
func (r *Reader) Usage(u *Usage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		*u = Usage{}
		return ErrClosed
	}
	r.calls++
	if look := r.calls%followEvery == 0; !look || !r.follow() {
		r.tick(!look)
	}
	r.groups.memory.bind()
	r.fillUsage(u)
	return r.groups.unavailable()
}

// Sample reads everything into s: every file of every level. It allocates nothing once the slices of s are long enough.
// It is for events; [Reader.Usage] is for every tick. The errors are those of Usage.
func (r *Reader) Sample(s *Sample) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		s.reset()
		return ErrClosed
	}
	if !r.follow() {
		r.readAll()
		r.renew()
	}
	r.groups.memory.bind()
	r.fillSample(s)
	return r.groups.unavailable()
}

// Close closes all files. Later calls of [Reader.Usage] and [Reader.Sample] return [ErrClosed]; closing again does
// nothing.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if err := r.closeFiles(); err != nil {
		return fmt.Errorf("holmes: cgroup: close: %w", err)
	}
	return nil
}

// followEvery is the number of calls of Usage for one reading of /proc/self/cgroup. It is the slowest file on v1, and a
// move is rare.
const followEvery = 4

// tick reads the usage of the binding level, and one file of the rotation.
func (r *Reader) tick(rotate bool) {
	if l := r.groups.memory.binding(); l != nil {
		r.read(l.probes[memoryUsage])
		if l.needsStat() {
			r.read(l.probes[memoryStat])
		}
	}
	if rotate {
		if p := r.groups.nextDue(); p != nil {
			r.read(p)
		}
	}
	r.renew()
}

// readAll reads every file.
func (r *Reader) readAll() {
	for _, p := range r.groups.probes {
		r.read(p)
	}
}
