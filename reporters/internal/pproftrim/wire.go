package pproftrim

import (
	"encoding/binary"
	"errors"
	"io"
)

// How a field is written: its wire type.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

var (
	errWireType = errors.New("not the wire type of a profile")
	errLength   = errors.New("a length that nothing has")
	errNumber   = errors.New("number without an end")
)

// A field of a message.
type field struct {
	number uint64
	wire   uint64
	value  uint64 // of a varint
	body   []byte // of bytes
	raw    []byte // all of it, with its key
}

// next cuts the first field off a message that is not empty.
func next(message []byte) (f field, rest []byte, err error) {
	key, n := binary.Uvarint(message)
	if n <= 0 {
		return f, nil, errNumber
	}
	f.number, f.wire = key>>3, key&7
	length := uint64(0)
	switch f.wire {
	case wireVarint, wireBytes:
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return f, nil, errNumber
		}
		n += m
		if f.value = value; f.wire == wireBytes {
			length = value
		}
	case wire64:
		length = 8
	case wire32:
		length = 4
	default:
		return f, nil, errWireType
	}
	if length > uint64(len(message)-n) {
		return f, nil, io.ErrUnexpectedEOF
	}
	end := n + int(length)
	f.body, f.raw = message[n:end:end], message[:end:end]
	return f, message[end:], nil
}

// each calls visit at each field of a message, until it returns an error.
func each(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		f, rest, err := next(message)
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
		message = rest
	}
	return nil
}

// numbers calls visit for each number of a repeated field, packed or not.
func (f field) numbers(visit func(uint64)) error {
	switch f.wire {
	case wireVarint:
		visit(f.value)
		return nil
	case wireBytes:
	default:
		return errWireType
	}
	for packed := f.body; len(packed) > 0; {
		value, n := binary.Uvarint(packed)
		if n <= 0 {
			return errNumber
		}
		visit(value)
		packed = packed[n:]
	}
	return nil
}

// putNumber and putBytes append fields to a message. They are not left out when
// they are zero.
func putNumber(message []byte, number, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(message, number<<3|wireVarint), value)
}

func putBytes(message []byte, number uint64, body []byte) []byte {
	message = binary.AppendUvarint(message, number<<3|wireBytes)
	return append(binary.AppendUvarint(message, uint64(len(body))), body...)
}
