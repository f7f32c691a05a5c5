//go:build !holmes_gopsutil

package procstat

import (
	"io"
	"os"
	"syscall"
)

// handle is an open file, or the reason why it is not open. Raw descriptors spare the locks of an [os.File].
type handle struct {
	fd  int
	err error
}

func openHandle(path string, flags int) handle {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|flags, 0)
		if err == nil {
			return handle{fd: fd}
		}
		if err != syscall.EINTR {
			return handle{fd: -1, err: &os.PathError{Op: "open", Path: path, Err: err}}
		}
	}
}

// read reads the file from its beginning. A text that fills buf was cut off, which is an error.
func (h *handle) read(buf []byte) ([]byte, error) {
	text, err := h.readHead(buf)
	if len(text) == len(buf) && err == nil {
		return nil, io.ErrShortBuffer
	}
	return text, err
}

// readHead reads as much of the file as buf holds.
func (h *handle) readHead(buf []byte) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	for {
		n, err := syscall.Pread(h.fd, buf, 0)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return nil, err
		default:
			return buf[:n], nil
		}
	}
}

func (h *handle) fstat(to *syscall.Stat_t) error {
	if h.err != nil {
		return h.err
	}
	return syscall.Fstat(h.fd, to)
}

func (h *handle) close() error {
	if h.err != nil {
		return nil //nolint:nilerr // it is not open, so there is nothing to close
	}
	fd := h.fd
	h.fd, h.err = -1, os.ErrClosed
	return syscall.Close(fd)
}
