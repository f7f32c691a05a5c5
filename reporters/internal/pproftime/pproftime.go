// Package pproftime reads when a profile was taken, and nothing else of it.
package pproftime

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The fields of a Profile message in profile.proto, and what a field is made
// of on the wire.
const (
	fieldTime     = 9
	fieldDuration = 10

	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// maxInflated ends the reading of a compressed profile that never ends.
const maxInflated = 1 << 30

// Read returns when the profile in raw began and how long it took, each zero
// when the profile does not say. It takes time in proportion to the profile,
// and a constant amount of memory.
func Read(raw []byte) (start time.Time, took time.Duration, err error) {
	var in io.Reader = bytes.NewReader(raw)
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		inflated, err := gzip.NewReader(in)
		if err != nil {
			return time.Time{}, 0, fmt.Errorf("holmes: read profile: %w", err)
		}
		in = io.LimitReader(inflated, maxInflated)
	}
	var nanos, duration uint64
	err = fields(bufio.NewReader(in), func(field, value uint64) {
		switch field {
		case fieldTime:
			nanos = value
		case fieldDuration:
			duration = value
		}
	})
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("holmes: read profile: %w", err)
	}
	if int64(nanos) > 0 {
		start = time.Unix(0, int64(nanos))
	}
	return start, max(time.Duration(duration), 0), nil
}

// fields calls yield for the numbers in a message and skips the rest.
func fields(in *bufio.Reader, yield func(field, value uint64)) error {
	for {
		key, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var skip uint64
		switch key & 7 {
		case wireVarint:
			value, err := binary.ReadUvarint(in)
			if err != nil {
				return short(err)
			}
			yield(key>>3, value)
		case wire64:
			skip = 8
		case wire32:
			skip = 4
		case wireBytes:
			if skip, err = binary.ReadUvarint(in); err != nil {
				return short(err)
			}
		default:
			return errors.New("not a profile")
		}
		if skip > maxInflated {
			return io.ErrUnexpectedEOF
		}
		if _, err := in.Discard(int(skip)); err != nil {
			return short(err)
		}
	}
}

func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
