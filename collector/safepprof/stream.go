package safepprof

import (
	"errors"
	"io"
	"math"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A body counts the bytes that are sent, and remembers why it ended.
type body struct {
	src   io.Reader
	head  [2]byte // was read to see what it is, and comes again
	nhead int
	given int
	n     int64
	limit int64
	due   int64 // no more than this may be read before something is inflated
	err   error
}

// begin reads the head, and reports whether gzip follows.
func (b *body) begin(src io.Reader, limit int64) (zipped bool, err error) {
	*b = body{src: src, limit: limit, due: math.MaxInt64}
	b.nhead, err = io.ReadFull(src, b.head[:])
	b.n = int64(b.nhead)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return b.head == [2]byte{0x1f, 0x8b}, nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.given < b.nhead {
		n := copy(p, b.head[b.given:b.nhead])
		b.given += n
		return n, nil
	}
	n, err := b.src.Read(p)
	switch b.n += int64(n); {
	case b.n > b.limit:
		n, err = 0, tooLarge(Body, b.limit)
	case b.n > b.due:
		n, err = 0, errIdle
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// inflated sets how far the body may be read before more than so many bytes are
// inflated. A gzip file of blocks that describe their codes and inflate to nothing
// would otherwise take a second of the processor's time for 16 MiB.
func (b *body) inflated(n int64) { b.due = freeIdle + maxIdle*n }

// A stream is the inflated profile, chunk by chunk. An error ends it.
type stream struct {
	body   body
	zip    inflater
	zipped bool
	buf    [32 << 10]byte // holds the chunk
	limit  int64
	keep   *[]byte // gets a copy of all of it, unless nil

	chunk  []byte // chunk[pos:] is still to be looked at
	pos    int
	before int64 // bytes in chunks that went by
	err    error // io.EOF at the end

	scratch [maxMessage]byte // for what lies in several chunks
}

func (s *stream) begin(src io.Reader, limits *Limits, keep *[]byte) {
	s.limit, s.keep = limits.Inflated, keep
	s.chunk, s.pos, s.before, s.err = nil, 0, 0, nil
	zipped, err := s.body.begin(src, limits.Body)
	if err != nil {
		s.body.err, s.err = err, err
	}
	if s.zipped = zipped; zipped {
		s.body.inflated(0)
		s.zip.begin(&s.body)
	}
}

// end drops the references to what belongs to the caller.
func (s *stream) end() {
	s.body, s.keep, s.chunk = body{}, nil, nil
	s.zip.end()
}

// offset is how many bytes have been looked at.
func (s *stream) offset() int64 { return s.before + int64(s.pos) }

// more reports whether there is a byte to look at, and gets it.
func (s *stream) more() bool {
	for s.pos == len(s.chunk) && s.err == nil {
		s.before += int64(s.pos)
		s.chunk, s.pos = nil, 0
		s.chunk, s.err = s.next()
	}
	return s.pos < len(s.chunk)
}

// next returns the next chunk. There is none with an error.
func (s *stream) next() ([]byte, error) {
	var src io.Reader = &s.body
	if s.zipped {
		s.body.inflated(s.before)
		src = &s.zip
	}
	n, err := io.ReadFull(src, s.buf[:])
	if n == 0 && err != nil { // with a part of a chunk, an error comes again
		return nil, err
	}
	chunk := s.buf[:n]
	total := s.before + int64(len(chunk))
	if total > s.limit {
		return nil, tooLarge(Inflated, s.limit)
	}
	if total > freeRatio+maxRatio*s.body.n {
		return nil, tooLarge(Ratio, maxRatio)
	}
	if s.keep != nil {
		*s.keep = append(*s.keep, chunk...)
	}
	return chunk, nil
}

// fail ends the stream. Its first error counts.
func (s *stream) fail(err error) {
	if s.err == nil || errors.Is(s.err, io.EOF) {
		s.err = err
	}
	s.chunk, s.pos = nil, 0
}

// uvarint reads a number, 0 if there is none.
func (s *stream) uvarint() uint64 {
	if v, n := protowire.Uvarint(s.chunk[s.pos:]); n > 0 {
		s.pos += n
		return v
	}
	var v uint64
	for i := range protowire.MaxVarint {
		if !s.more() {
			s.short()
			return 0
		}
		b := s.chunk[s.pos]
		s.pos++
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v
		}
	}
	s.fail(protowire.ErrNumber)
	return 0
}

// short makes an error of an end that comes too early.
func (s *stream) short() {
	if errors.Is(s.err, io.EOF) {
		s.fail(protowire.ErrTruncated)
	}
}

// bytes returns the next n bytes, at most maxMessage, which are valid until
// something else is read.
func (s *stream) bytes(n int) []byte {
	if n <= len(s.chunk)-s.pos {
		s.pos += n
		return s.chunk[s.pos-n : s.pos]
	}
	got := 0
	for got < n {
		if !s.more() {
			s.short()
			return nil
		}
		m := copy(s.scratch[got:n], s.chunk[s.pos:])
		s.pos += m
		got += m
	}
	return s.scratch[:n]
}

// skip passes over the next n bytes.
func (s *stream) skip(n uint64) {
	for n > 0 {
		if !s.more() {
			s.short()
			return
		}
		m := min(n, uint64(len(s.chunk)-s.pos))
		s.pos += int(m)
		n -= m
	}
}

// near returns the next field if it is a message or a string of the table, all in
// the chunk, with fewer than 128 bytes, as almost all are.
func (s *stream) near() (field uint64, m []byte, ok bool) {
	rest := s.chunk[s.pos:]
	if len(rest) < 2 || rest[0]&7 != protowire.Bytes || rest[0] < 8 || rest[0]>>3 > protowire.ProfileString || rest[1] >= 0x80 || len(rest)-2 < int(rest[1]) {
		return 0, nil, false
	}
	end := 2 + int(rest[1])
	s.pos += end
	return uint64(rest[0] >> 3), rest[2:end], true
}
