package cgroup

import (
	"bytes"
	"errors"
)

// follow compares the groups of this process with the former ones, and looks everything up again when it was moved, or
// when a failed look-up is to be repeated. It reports whether it did: then all figures are new. While the groups cannot be
// read, the former ones are used.
func (r *Reader) follow() bool {
	text, err := r.membership()
	r.lost = err != nil
	if r.lost || bytes.Equal(text, r.member) && !r.retry.due() {
		return false
	}
	r.member = append(r.member[:0], text...)
	r.resolve()
	return true
}

// renew looks everything up again when a file is gone, unless it was gone right after the last look-up, too: then the
// next look-up has to wait.
func (r *Reader) renew() {
	if (r.stale || r.groups.changed) && !r.stuck {
		r.resolve()
	}
}

// membership reads /proc/self/cgroup, which is kept open, and opened again after a failure.
func (r *Reader) membership() ([]byte, error) {
	if r.self == nil {
		f, err := r.config.open(r.config.root + "/proc/self/cgroup")
		if err != nil {
			return nil, err
		}
		r.self = f
	}
	text, err := r.content(r.self)
	if err != nil {
		_ = r.self.Close()
		r.self = nil
	}
	return text, err
}

// resolve looks up the groups that r.member names, and reads all of their files once.
func (r *Reader) resolve() {
	_ = r.groups.close()
	r.generation++
	r.stale = false

	f := newFinder(&r.config)
	f.find(r.member)
	r.groups = f.groups
	r.readAll()
	r.groups.memory.bind()
	r.stuck = r.stale
	r.retry.done(r.stale || f.again)
}

// closeFiles closes all open files.
func (r *Reader) closeFiles() error {
	err := r.groups.close()
	if r.self != nil {
		err = errors.Join(err, r.self.Close())
	}
	return err
}
