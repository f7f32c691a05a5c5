package pprofread

import (
	"errors"
	"iter"
)

// How a field is written: its wire type.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

var (
	errTruncated = errors.New("truncated")
	errNumber    = errors.New("number without an end")
	errWireType  = errors.New("not the wire type of a profile")
)

// A cursor walks the fields of one message, as in
//
//	c := cursor{rest: message}
//	for c.next() {
//		switch c.field { ... }
//	}
//	return c.err
//
// The methods that read a field end the walk when it is not of their type.
type cursor struct {
	field uint64 // its number
	wire  uint64
	value uint64 // of a varint
	body  []byte // of bytes; of a varint what encodes it
	rest  []byte // what follows the field
	err   error
}

// next moves to the next field. It is false at the end and after an error.
func (c *cursor) next() bool {
	if c.err != nil || len(c.rest) == 0 {
		return false
	}
	key, n := uvarint(c.rest)
	if n == 0 {
		return c.endless()
	}
	c.rest = c.rest[n:]
	c.field, c.wire = key>>3, key&7
	switch c.wire {
	case wireVarint, wireBytes:
		if c.value, n = uvarint(c.rest); n == 0 {
			return c.endless()
		}
		c.body, c.rest = c.rest[:n], c.rest[n:]
		if c.wire == wireBytes {
			c.take(c.value)
		}
	case wire64:
		c.take(8)
	case wire32:
		c.take(4)
	default: // groups, which proto3 does not have
		c.fail(errWireType)
	}
	return c.err == nil
}

// endless ends the walk at a number that has no end, or not here.
func (c *cursor) endless() bool {
	err := errNumber
	if len(c.rest) < maxVarint {
		err = errTruncated
	}
	c.fail(err)
	return false
}

func (c *cursor) take(n uint64) {
	if n > uint64(len(c.rest)) {
		c.fail(errTruncated)
		return
	}
	c.body, c.rest = c.rest[:n], c.rest[n:]
}

// fail ends the walk with the first error.
func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.body, c.rest = nil, nil
}

// number returns the field as a number.
func (c *cursor) number() uint64 {
	if c.wire != wireVarint {
		c.fail(errWireType)
		return 0
	}
	return c.value
}

// bytes returns the field as a string or as a message of its own.
func (c *cursor) bytes() []byte {
	if c.wire != wireBytes {
		c.fail(errWireType)
	}
	return c.body
}

// run returns what encodes the numbers of a repeated field, packed or not.
func (c *cursor) run() []byte {
	if c.wire != wireVarint && c.wire != wireBytes {
		c.fail(errWireType)
	}
	return c.body
}

// numbers walks the numbers of a repeated field.
func (c *cursor) numbers() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for run := c.run(); len(run) > 0; {
			value, n := uvarint(run)
			if n == 0 {
				c.fail(errNumber)
				return
			}
			run = run[n:]
			if !yield(value) {
				return
			}
		}
	}
}

// count returns how many numbers a repeated field has, without reading them.
func (c *cursor) count() (n int) {
	for _, b := range c.run() {
		if b < 0x80 {
			n++
		}
	}
	return n
}

// maxVarint is how long a number of 64 bits can be.
const maxVarint = 10

// uvarint returns the number that b begins with and its length, which is 0 if
// there is none. Bits beyond the 64th are dropped, as all decoders of protocol
// buffers do; binary.Uvarint takes them for an error.
func uvarint(b []byte) (value uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if len(b) > 1 && b[1] < 0x80 {
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	for i, c := range b[:min(len(b), maxVarint)] {
		value |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}
