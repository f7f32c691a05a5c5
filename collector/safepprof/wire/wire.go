// Package wire walks the fields of protocol buffers that nobody vouches for,
// without allocation. It knows nothing of profiles but the numbers of their
// fields.
package wire

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
	// ErrZero is returned for the field number 0, which no message has.
	ErrZero = errors.New("field without a number")
)

// A Cursor walks the fields of one message, as in
//
//	c := wire.Walk(message)
//	for c.Next() {
//		switch c.Field { ... }
//	}
//	return c.Err
//
// The methods that read a field end the walk when it is not of their type.
type Cursor struct {
	Field uint64 // its number
	Type  uint64 // its wire type
	Err   error  // why the walk ended before the message

	message  []byte
	from, to int // message[from:to] is what is in the field
	value    uint64
}

// Walk returns a cursor before the first field of a message.
func Walk(message []byte) Cursor { return Cursor{message: message} }

// Next moves to the next field. It is false at the end and after an error.
func (c *Cursor) Next() bool {
	rest := c.message[c.to:]
	if len(rest) == 0 {
		return false
	}
	key, n := uint64(rest[0]), 1
	if key >= 0x80 {
		if key, n = longer(rest); n == 0 {
			return c.endless()
		}
	}
	c.Field, c.Type = key>>3, key&7
	if c.Field == 0 {
		return c.fail(ErrZero)
	}
	c.from = c.to + n
	var size uint64
	switch c.Type {
	case Varint, Bytes:
		rest = rest[n:]
		if len(rest) > 0 && rest[0] < 0x80 {
			size, n = uint64(rest[0]), 1
		} else if size, n = longer(rest); n == 0 {
			return c.endless()
		}
		if c.Type == Varint {
			c.value, c.to = size, c.from+n
			return true
		}
		c.from += n
	case Fixed64:
		size = 8
	case Fixed32:
		size = 4
	default: // groups, which proto3 does not have
		return c.fail(ErrType)
	}
	if size > uint64(len(c.message)-c.from) {
		return c.fail(ErrTruncated)
	}
	c.to = c.from + int(size)
	return true
}

// Left returns how many bytes follow the field.
func (c *Cursor) Left() int { return len(c.message) - c.to }

// endless ends the walk at a number that has no end, or not here.
func (c *Cursor) endless() bool {
	if len(c.message)-c.from < MaxVarint {
		return c.fail(ErrTruncated)
	}
	return c.fail(ErrNumber)
}

func (c *Cursor) fail(err error) bool {
	if c.Err == nil {
		c.Err = err
	}
	c.value, c.message, c.from, c.to = 0, nil, 0, 0
	return false
}

// Number returns the field as a number.
func (c *Cursor) Number() uint64 {
	if c.Type != Varint {
		c.fail(ErrType)
	}
	return c.value
}

// Bytes returns the field as a string or as a message of its own.
func (c *Cursor) Bytes() []byte {
	if c.Type != Bytes {
		c.fail(ErrType)
	}
	return c.message[c.from:c.to]
}

// Run returns what encodes the numbers of a repeated field, packed or not.
// [Uvarint] reads them.
func (c *Cursor) Run() []byte {
	if c.Type != Varint && c.Type != Bytes {
		c.fail(ErrType)
	}
	return c.message[c.from:c.to]
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
