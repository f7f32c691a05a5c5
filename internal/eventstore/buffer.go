package eventstore

import (
	"bytes"
	"errors"
	"io"
)

// A Buffer is a buffer with a limit.
type Buffer struct {
	bytes.Buffer
	Limit int
	Full  error // returned when the limit is reached
	Err   error // Full, once it was
}

// Write appends p, or nothing of it when that is more than the limit.
func (b *Buffer) Write(p []byte) (int, error) {
	if len(p) > b.Limit-b.Len() {
		b.Err = b.Full
		return 0, b.Full
	}
	return b.Buffer.Write(p)
}

// errorRecorder remembers whether the writer below it has failed.
type errorRecorder struct {
	w   io.Writer
	err error
}

func (r *errorRecorder) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	r.err = errors.Join(r.err, err)
	return n, err
}
