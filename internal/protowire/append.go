package protowire

import "encoding/binary"

// AppendNumber appends a field that is a number, 0 as well.
func AppendNumber(b []byte, field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, Tag(field, Varint)), value)
}

// AppendBytes appends a field that is a string or a message.
func AppendBytes(b []byte, field uint64, body []byte) []byte {
	b = binary.AppendUvarint(b, Tag(field, Bytes))
	b = binary.AppendUvarint(b, uint64(len(body)))
	return append(b, body...)
}
