package protowire

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// How a field is written: its wire type.
const (
	Varint  = 0
	Fixed64 = 1
	Bytes   = 2
	Fixed32 = 5
)

// MaxVarint is how many bytes a number can take.
const MaxVarint = 10

var (
	// ErrTruncated is returned when a message ends within a field.
	ErrTruncated = errors.New("truncated")
	// ErrNumber is returned for a number that has more than ten bytes.
	ErrNumber = errors.New("number without an end")
	// ErrType is returned when a field is written in another way than its
	// number says.
	ErrType = errors.New("field of the wrong wire type")
	// ErrLength is returned for a field of 2 GiB or more, which protocol buffers
	// cannot have.
	ErrLength = errors.New("field that is too long")
)

// First reads the first field of a message: its tag, see [Tag], its value, and how
// many bytes it takes, 0 if there is no field: see [Fault]. The value of what is
// no number is its length; it ends the field.
func First(m []byte) (tag, value uint64, n int) {
	if len(m) < 2 || m[0]&0x85 != 0 { // a tag of several bytes, or of another type than Varint and Bytes
		return seldom(m)
	}
	tag, value, n = uint64(m[0]), uint64(m[1]), 2
	if value >= 0x80 {
		value &= 0x7f
		for more := true; more; n++ {
			if n == len(m) || n > MaxVarint {
				return 0, 0, 0
			}
			value |= uint64(m[n]&0x7f) << (7 * (n - 1))
			more = m[n] >= 0x80
		}
	}
	if tag&7 == Varint {
		return tag, value, n
	}
	if value > uint64(len(m)-n) {
		return 0, 0, 0
	}
	return tag, value, n + int(value)
}

// Tag is what a field begins with.
func Tag(field, typ uint64) uint64 { return field<<3 | typ }

// seldom is First of whatever there can be.
func seldom(m []byte) (tag, value uint64, n int) {
	tag, value, n, _ = first(m)
	return tag, value, n
}

// Fault says why a message does not begin with a field.
func Fault(m []byte) error {
	_, _, _, err := first(m)
	return err
}

func first(m []byte) (tag, value uint64, n int, err error) {
	tag, value, n, err = head(m)
	if err != nil || tag&7 == Varint {
		return tag, value, n, err
	}
	if value > uint64(len(m)-n) {
		return 0, 0, 0, ErrTruncated
	}
	return tag, value, n + int(value), nil
}

// head reads what a field begins with: its tag, and its number or its length.
func head(m []byte) (tag, value uint64, n int, err error) {
	tag, n = Uvarint(m)
	if n == 0 {
		return 0, 0, 0, endless(m)
	}
	switch tag & 7 {
	case Varint, Bytes:
		value, size := Uvarint(m[n:])
		if size == 0 {
			return 0, 0, 0, endless(m[n:])
		}
		return tag, value, n + size, nil
	case Fixed64:
		return tag, 8, n, nil
	case Fixed32:
		return tag, 4, n, nil
	default: // groups, which proto3 does not have
		return 0, 0, 0, ErrType
	}
}

// endless says of a number that it has no end, or not here.
func endless(b []byte) error {
	if len(b) < MaxVarint {
		return ErrTruncated
	}
	return ErrNumber
}

// Count returns how many numbers end in a run, without reading them, and
// whether the last one does.
func Count(run []byte) (n int, whole bool) {
	whole = len(run) == 0 || run[len(run)-1] < 0x80
	for ; len(run) >= 8; run = run[8:] {
		n += bits.OnesCount64(^binary.LittleEndian.Uint64(run) & 0x8080808080808080)
	}
	for _, b := range run {
		if b < 0x80 {
			n++
		}
	}
	return n, whole
}

// Uvarint returns the number that b begins with and its length, which is 0 if
// there is none. Bits beyond the 64th are dropped, as all decoders of protocol
// buffers do; binary.Uvarint takes them for an error.
func Uvarint(b []byte) (value uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if len(b) > 1 && b[1] < 0x80 {
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	return longer(b)
}

func longer(b []byte) (value uint64, n int) {
	for i, c := range b[:min(len(b), MaxVarint)] {
		value |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}
