package safepprof

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/go-holmes/holmes/collector"
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

// maxRead is how many bytes are inflated at once. It is less than freeIdle, since the
// body is read ahead.
const maxRead = 32 << 10

// A stream is the inflated profile. Its errors come again.
type stream struct {
	body   body
	zip    inflater
	zipped bool
	limit  int64
	keep   *[]byte // gets a copy of all of it, unless nil
	n      int64   // bytes
}

func (s *stream) begin(src io.Reader, limits *Limits, keep *[]byte) {
	s.limit, s.keep, s.n = limits.Inflated, keep, 0
	s.zipped, s.body.err = s.body.begin(src, limits.Body)
	if s.zipped {
		s.body.inflated(0)
		s.zip.begin(&s.body)
	}
}

// end drops the references to what belongs to the caller.
func (s *stream) end() {
	s.body, s.keep = body{}, nil
	s.zip.end()
}

// Read implements [io.Reader]. It returns nothing with an error.
func (s *stream) Read(p []byte) (int, error) {
	var src io.Reader = &s.body
	if s.zipped {
		s.body.inflated(s.n)
		src = &s.zip
	}
	n, err := io.ReadFull(src, p[:min(len(p), maxRead)])
	if n == 0 && err != nil { // with a part, an error comes again
		return 0, err
	}
	if s.n += int64(n); s.n > s.limit {
		return 0, tooLarge(Inflated, s.limit)
	}
	if s.n > freeRatio+maxRatio*s.body.n {
		return 0, tooLarge(Ratio, maxRatio)
	}
	if s.keep != nil {
		*s.keep = append(*s.keep, p[:n]...)
	}
	return n, nil
}

// blame tells an error of the source from one of its content.
func (s *stream) blame(err error) error {
	if s.body.err != nil {
		err = s.body.err
	}
	if collector.CodeOf(err) != collector.Internal {
		return err
	}
	if s.body.err != nil {
		return fmt.Errorf("holmes: read profile: %w", err)
	}
	return collector.Errorf(collector.Invalid, "%w", &NotProfileError{Reason: err.Error()})
}
