package cgroup

import (
	"io"
	"os"
	"syscall"
)

// supported says whether the system this was built for has control groups.
const supported = true

// fd is an open file without an [os.File], which would enter it into the runtime's poller, since a file of the cgroup
// file system can be polled, and take a lock for every read.
type fd int

// openFile opens a file to be read again and again from its beginning.
func openFile(path string) (file, error) {
	for {
		n, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err == nil {
			return fd(n), nil
		}
		if err != syscall.EINTR {
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// ReadAt implements [io.ReaderAt] with one system call.
func (f fd) ReadAt(p []byte, off int64) (int, error) {
	for {
		n, err := syscall.Pread(int(f), p, off)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case n < len(p):
			return n, io.EOF
		default:
			return n, nil
		}
	}
}

// Close implements [io.Closer].
func (f fd) Close() error { return syscall.Close(int(f)) }
