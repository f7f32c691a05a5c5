package pproftrim

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A Size is the size of a profile, and its times.
type Size struct {
	Bytes   int64 // uncompressed
	Samples int
	// Start is when it was begun, zero if it does not say; Duration is how long
	// it took.
	Start    time.Time
	Duration time.Duration
}

// Scan reads a profile, gzipped or not, without holding more of it than a
// buffer. Bytes that are no protocol buffer are an error.
func Scan(raw io.Reader) (Size, error) {
	plain, err := inflate(raw)
	if err != nil {
		return Size{}, fmt.Errorf("scan profile: %w", err)
	}
	s := scanner{in: bufio.NewReader(plain)}
	for err == nil {
		err = s.field()
	}
	if !errors.Is(err, errDone) {
		return Size{}, fmt.Errorf("scan profile: %w", err)
	}
	return s.size, nil
}

var (
	errDone   = errors.New("no more fields")
	errLength = errors.New("field that is too long")
)

type scanner struct {
	in   *bufio.Reader
	size Size
}

// ReadByte makes the scanner what numbers are read from.
func (s *scanner) ReadByte() (byte, error) {
	b, err := s.in.ReadByte()
	if err == nil {
		s.size.Bytes++
	}
	return b, err
}

// field reads one field of the profile.
func (s *scanner) field() error {
	if _, err := s.in.Peek(1); errors.Is(err, io.EOF) {
		return errDone
	}
	key, err := binary.ReadUvarint(s)
	if err != nil {
		return truncated(err)
	}
	switch key & 7 {
	case protowire.Varint:
		value, err := binary.ReadUvarint(s)
		s.number(key>>3, int64(value))
		return truncated(err)
	case protowire.Bytes:
		if key>>3 == protowire.ProfileSample {
			s.size.Samples++
		}
		length, err := binary.ReadUvarint(s)
		if err != nil {
			return truncated(err)
		}
		return s.skip(length)
	case protowire.Fixed64:
		return s.skip(8)
	case protowire.Fixed32:
		return s.skip(4)
	default:
		return protowire.ErrType
	}
}

func (s *scanner) number(field uint64, value int64) {
	switch field {
	case protowire.ProfileTime:
		if value > 0 {
			s.size.Start = time.Unix(0, value)
		}
	case protowire.ProfileDuration:
		s.size.Duration = time.Duration(max(value, 0))
	}
}

func (s *scanner) skip(n uint64) error {
	if n > math.MaxInt32 { // more than a message of protocol buffers can be
		return errLength
	}
	skipped, err := s.in.Discard(int(n))
	s.size.Bytes += int64(skipped)
	return truncated(err)
}

// truncated says what the end of a file means in the middle of a field.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// inflate returns the inflated bytes, or the bytes themselves if they are not
// gzipped. No protocol buffer begins as gzip does: that would be a field of wire
// type 7.
func inflate(raw io.Reader) (io.Reader, error) {
	in := bufio.NewReader(raw)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return gzip.NewReader(in)
	}
	return in, nil
}
