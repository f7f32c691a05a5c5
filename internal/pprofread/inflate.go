package pprofread

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxInflated bounds what a profile may inflate to, and with it what the
// decoded form may take, inside the user's process.
const maxInflated = 64 << 20

// Needs returns how many bytes it takes to parse the profile in raw and to judge it or to
// write its text, garbage included. It is by the size that gzip's trailer says, which is
// not checked: a profile whose trailer is wrong fails to be parsed anyway. For real profiles
// it is one to two times what is allocated.
func Needs(raw []byte) uint64 {
	const (
		inflater = 64 << 10
		perByte  = 12 // of the inflated profile: 4 to 6 to parse it, and 1 to 6 for the rest
	)
	n := uint64(len(raw))
	if isZipped(raw) && n >= 4 {
		n = uint64(binary.LittleEndian.Uint32(raw[n-4:]))
	}
	return inflater + perByte*n
}

func isZipped(raw []byte) bool { return bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) }

// inflate returns the protocol buffer in raw, which may be gzipped. No
// protocol buffer begins as gzip does: that would be a field of wire type 7.
func inflate(raw []byte) ([]byte, error) {
	plain := raw
	if isZipped(raw) {
		zip, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
		plain, err = io.ReadAll(io.LimitReader(zip, maxInflated+1))
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
	}
	switch {
	case len(plain) == 0:
		return nil, errors.New("empty")
	case len(plain) > maxInflated:
		return nil, fmt.Errorf("more than %d MiB", maxInflated>>20)
	}
	return plain, nil
}
