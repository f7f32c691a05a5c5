package cgroup

import (
	"bytes"
	"errors"
)

// follow compares the groups of this process with those of the last time, and looks everything up again when it was
// moved, or when the time has come to try again what failed before. It reports whether it did, which means that all
// figures are fresh. While the groups cannot be read, those of the last time are believed in.
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

// renew looks everything up again when a file that was just read turned out to be gone, unless it was the same right
// after the last look-up: then the next one has to wait.
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

// resolve looks up the groups that r.member names, and reads all of their files once. What was open before is stale.
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

// closeFiles closes whatever is open.
func (r *Reader) closeFiles() error {
	err := r.groups.close()
	if r.self != nil {
		err = errors.Join(err, r.self.Close())
	}
	return err
}
