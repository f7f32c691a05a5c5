package pprofread

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxInflated bounds what a profile may inflate to, and with it what the
// decoded form may take, inside the user's process.
const maxInflated = 64 << 20

// inflate returns the protocol buffer in raw, which may be gzipped. No
// protocol buffer begins as gzip does: that would be a field of wire type 7.
func inflate(raw []byte) ([]byte, error) {
	plain := raw
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
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
