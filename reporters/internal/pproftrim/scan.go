package pproftrim

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A Size is the size of a profile, and its times.
type Size struct {
	Bytes   int64 // uncompressed
	Samples int
	// NotText is whether a string is not UTF-8, or is longer than the buffer.
	NotText bool
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
	var size Size
	const buffer = 4 << 10
	s := protowire.NewStream(plain, buffer)
	for s.Next() {
		switch protowire.Tag(s.Field, s.Type) {
		case protowire.ProfileSample<<3 | protowire.Bytes:
			size.Samples++
		case protowire.ProfileString<<3 | protowire.Bytes:
			size.NotText = size.NotText || s.Size() > buffer || !utf8.Valid(s.Head(s.Size()))
		case protowire.ProfileTime << 3:
			if nanos := int64(s.Number()); nanos > 0 {
				size.Start = time.Unix(0, nanos)
			}
		case protowire.ProfileDuration << 3:
			size.Duration = time.Duration(max(int64(s.Number()), 0))
		}
	}
	if s.Err != nil {
		return Size{}, fmt.Errorf("scan profile: %w", s.Err)
	}
	size.Bytes = s.Offset()
	return size, nil
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
