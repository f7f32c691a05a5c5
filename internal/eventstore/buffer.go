package eventstore

import "bytes"

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
