package eventstore

import (
	"bytes"
	"errors"
	"io"
)

// A Buffer is a bytes.Buffer with a limit.
type Buffer struct {
	bytes.Buffer
	Limit int
	Full  error // returned at the limit
	Err   error // Full, if it was returned
}

// Write appends p, or nothing if that would exceed the limit.
func (b *Buffer) Write(p []byte) (int, error) {
	if len(p) > b.Limit-b.Len() {
		b.Err = b.Full
		return 0, b.Full
	}
	return b.Buffer.Write(p)
}

// An errorRecorder keeps the errors of a writer.
type errorRecorder struct {
	w   io.Writer
	err error
}

func (r *errorRecorder) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	r.err = errors.Join(r.err, err)
	return n, err
}
