package protowire

import (
	"bufio"
	"errors"
	"io"
	"math"
)

// A Stream walks the fields of a message that arrives in pieces, as a [Cursor] walks
// those of one in memory. Its buffer is all that it allocates. An error of the reader
// ends the walk after the bytes before it.
type Stream struct {
	Field uint64 // its number
	Type  uint64 // its wire type
	Err   error  // why the walk ended before the message

	in     *bufio.Reader
	window []byte // what is buffered
	from   int    // window[from:to] is what is in the field
	to     int    // may be beyond the window
	value  uint64
	before int64 // bytes that have left the window
	end    error // of the reader
}

// NewStream returns a stream before the first field, with a buffer of size bytes.
func NewStream(src io.Reader, size int) Stream {
	return Stream{in: bufio.NewReaderSize(src, max(size, 2*MaxVarint))}
}

// Reset makes the stream walk another message.
func (s *Stream) Reset(src io.Reader) {
	s.in.Reset(src)
	*s = Stream{in: s.in}
}

// Next moves to the next field. It is false at the end and after an error.
func (s *Stream) Next() bool {
	if s.to > len(s.window) && !s.skip() {
		return false
	}
	tag, value, n := First(s.window[s.to:])
	if n == 0 { // not all of it is buffered, perhaps
		return s.next()
	}
	to := s.to + n
	from := to
	if tag&7 != Varint {
		from -= int(value)
	}
	s.Field, s.Type, s.value, s.from, s.to = tag>>3, tag&7, value, from, to
	return true
}

// next is Next of whatever there can be.
func (s *Stream) next() bool {
	if s.from = s.to; s.Err != nil || !s.fill(2*MaxVarint) && len(s.window) == 0 {
		return s.Err == nil && !errors.Is(s.end, io.EOF) && s.fail(s.end)
	}
	tag, value, n, err := head(s.window)
	if err != nil {
		return s.fail(err)
	}
	s.Field, s.Type, s.value = tag>>3, tag&7, value
	s.from, s.to = n, n
	if tag&7 != Varint {
		if value > math.MaxInt32-2*MaxVarint {
			return s.fail(ErrLength)
		}
		s.to += int(value)
	}
	return true
}

// Number returns the field as a number.
func (s *Stream) Number() uint64 {
	if s.Type != Varint {
		s.fail(ErrType)
	}
	return s.value
}

// Size returns how many bytes are in the field, 0 if it is a number.
func (s *Stream) Size() int { return s.to - s.from }

// Whole returns a string or a message if all of it is buffered.
func (s *Stream) Whole() ([]byte, bool) {
	if s.Type != Bytes || s.to > len(s.window) {
		return nil, false
	}
	return s.window[s.from:s.to:s.to], true
}

// Head returns the first n bytes of a string or a message, all of it if it has fewer,
// until the next field is read. The buffer has to be as large.
func (s *Stream) Head(n int) []byte {
	if s.Type != Bytes {
		s.fail(ErrType)
	}
	if n = min(n, s.Size()); n > len(s.window)-s.from && !s.fill(n) {
		s.fail(ErrTruncated)
		return nil
	}
	return s.window[s.from : s.from+n : s.from+n]
}

// Ahead returns what is buffered of what follows the field, which is nothing at the
// end only.
func (s *Stream) Ahead() []byte {
	if s.skip() && s.to == len(s.window) {
		s.fill(1)
	}
	return s.window[s.to:]
}

// Pass moves past the first n bytes of [Stream.Ahead].
func (s *Stream) Pass(n int) {
	s.to += n
	s.from = s.to
}

// Offset returns how many bytes come before the end of the field.
func (s *Stream) Offset() int64 { return s.before + int64(s.to) }

// skip moves past the field.
func (s *Stream) skip() bool {
	for s.to > len(s.window) {
		s.from = len(s.window)
		if !s.fill(1) {
			return s.fail(ErrTruncated)
		}
	}
	s.from = s.to
	return s.Err == nil
}

// fill buffers at least n bytes from the field on, and reports whether there are as
// many.
func (s *Stream) fill(n int) bool {
	_, _ = s.in.Discard(s.from) // all of it is buffered
	s.before += int64(s.from)
	s.from, s.to = 0, s.to-s.from
	if s.end == nil {
		_, s.end = s.in.Peek(n)
	}
	s.window, _ = s.in.Peek(s.in.Buffered())
	return n <= len(s.window)
}

// fail ends the walk. Its first error counts, and what is missing because of an error
// of the reader is an error of the reader.
func (s *Stream) fail(err error) bool {
	if errors.Is(err, ErrTruncated) && s.end != nil && !errors.Is(s.end, io.EOF) {
		err = s.end
	}
	if s.Err == nil {
		s.Err = err
	}
	s.value, s.from, s.to = 0, len(s.window), len(s.window)
	return false
}
