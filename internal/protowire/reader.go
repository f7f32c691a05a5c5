package protowire

import (
	"bufio"
	"errors"
	"io"
	"math"
)

// A Reader walks the fields of a message that arrives in pieces, and hands out what
// is in a field as a stream or as a message of its own: for fields that are too
// large to be buffered, in messages within messages. An error ends the walk.
type Reader struct {
	Field uint64 // its number
	Type  uint64 // its wire type

	*source
	end int64 // of the message; [math.MaxInt64] where the source ends it
	to  int64 // end of the field
}

// A source is what all readers of one stream read from.
type source struct {
	in  *bufio.Reader
	at  int64
	err error // the first one
}

// NewReader returns a reader before the first field of the message that src is.
func NewReader(src io.Reader) *Reader {
	return &Reader{source: &source{in: bufio.NewReader(src)}, end: math.MaxInt64}
}

// Err returns why the walk ended before the message: [io.ErrUnexpectedEOF] where the
// source ended early.
func (r *Reader) Err() error { return r.err }

// Next moves past the field to the next one, whether it was read or not. It is false
// at the end of the message and after an error.
func (r *Reader) Next() bool {
	if !r.skip() || r.at == r.end {
		return false
	}
	window, err := r.in.Peek(int(min(2*MaxVarint, r.end-r.at)))
	if len(window) == 0 {
		if r.end != math.MaxInt64 || !errors.Is(err, io.EOF) {
			r.fail(err)
		}
		return false
	}
	tag, value, n, fault := head(window)
	if fault != nil {
		if !errors.Is(fault, ErrTruncated) || err == nil {
			err = fault
		}
		return r.fail(err)
	}
	_, _ = r.in.Discard(n) // it is buffered
	r.at += int64(n)
	r.Field, r.Type, r.to = tag>>3, tag&7, r.at
	if r.Type == Varint {
		return true
	}
	if value > math.MaxInt32 {
		return r.fail(ErrLength)
	}
	if r.to += int64(value); r.to > r.end {
		return r.fail(ErrTruncated)
	}
	return true
}

// Message returns a reader of the message in the field. It is valid until Next.
func (r *Reader) Message() *Reader {
	if r.Type != Bytes {
		r.fail(ErrType)
	}
	return &Reader{source: r.source, end: r.to, to: r.at}
}

// Bytes returns a reader of the string in the field. It is valid until Next.
func (r *Reader) Bytes() io.Reader { return content{r.Message()} }

// content is what is in a field.
type content struct{ *Reader }

func (c content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.at == c.end {
		return 0, io.EOF
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.end-c.at)])
	c.at += int64(n)
	if err != nil {
		c.fail(err)
		return n, c.err
	}
	return n, nil
}

// skip moves past the field.
func (r *Reader) skip() bool {
	for r.err == nil && r.at < r.to {
		n, err := r.in.Discard(int(min(r.to-r.at, math.MaxInt32)))
		if r.at += int64(n); err != nil {
			r.fail(err)
		}
	}
	return r.err == nil
}

// fail ends the walk. Its first error counts.
func (r *Reader) fail(err error) bool {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if r.err == nil {
		r.err = err
	}
	return false
}
