package cgroup

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// file is one open file, read again and again from its beginning.
type file interface {
	io.ReaderAt
	io.Closer
}

// probe is one file of a group and its parser.
type probe struct {
	file   file                   // nil if it could not be opened
	take   func(text []byte) bool // reports whether text makes sense; an empty one stands for "could not be read"
	flag   Unseen                 // raised while the file cannot be read or makes no sense
	failed bool
}

// row is one line in the table of the files that a level of a controller has.
type row struct {
	name     string
	older    string // what older kernels call it
	flag     Unseen // as in probe
	optional bool   // there are groups without it, which means "no limit"
	take     func(text []byte) bool
}

// opener opens the files of groups, and keeps the first failure.
type opener struct {
	root string
	file func(path string) (file, error)
	err  error // the first failure other than "does not exist"
	// again is set after a temporary failure, such as no free descriptor.
	again bool
}

// open opens one file, by its path below the root.
func (o *opener) open(path string) (file, error) {
	f, err := o.file(o.root + path)
	if err == nil {
		return f, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		o.err = cmp.Or(o.err, err)
		o.again = o.again || !errors.Is(err, fs.ErrPermission)
	}
	return nil, err
}

// openAll opens the files of one level in the order of its table. It returns nil if none exists: then the
// controller is not active there.
func (o *opener) openAll(dir string, rows []row) []*probe {
	probes := make([]*probe, len(rows))
	active := false
	for i, row := range rows {
		f, err := o.open(dir + "/" + row.name)
		if row.older != "" && errors.Is(err, fs.ErrNotExist) {
			f, err = o.open(dir + "/" + row.older)
		}
		active = active || err == nil
		probes[i] = &probe{
			file:   f,
			take:   row.take,
			flag:   row.flag,
			failed: err != nil && !(row.optional && errors.Is(err, fs.ErrNotExist)),
		}
	}
	if !active {
		return nil
	}
	return probes
}

// maxText bounds the bytes read of one file, against a file that never ends.
const maxText = 1 << 20

// content returns the whole lines of f, which one system call reads. They are valid until the next call.
func (r *Reader) content(f file) ([]byte, error) {
	for {
		n, err := f.ReadAt(r.buf, 0)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case n < len(r.buf):
			return complete(r.buf[:n]), nil
		case len(r.buf) >= maxText:
			return nil, io.ErrShortBuffer
		}
		r.buf = make([]byte, 2*len(r.buf))
	}
}

// read reads and parses the file of p, if there is one. After the group was removed its files give ENODEV for ever, and
// EBADF after the application closed a descriptor that it does not own: everything has to be looked up again.
func (r *Reader) read(p *probe) {
	if p.file == nil {
		return
	}
	text, err := r.content(p.file)
	if err != nil && (errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EBADF)) {
		r.stale = true
	}
	p.failed = !p.take(text)
}
