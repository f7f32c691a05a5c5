package pprofread

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/google/pprof/profile"
)

// maxInflated bounds what a profile may inflate to. The parsed form takes
// several times as much again, inside the user's process.
const maxInflated = 64 << 20

// Parse reads a profile that runtime/pprof wrote: a gzipped protocol buffer.
// The text forms of old, which [profile.Parse] tries as well, are not: nobody
// writes them any more, and their parsers weigh as much as the rest.
func Parse(raw []byte) (*profile.Profile, error) {
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(zip, maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("inflate profile: %w", err)
	}
	if len(plain) > maxInflated {
		return nil, fmt.Errorf("profile inflates to more than %d MiB", maxInflated>>20)
	}
	p, err := profile.ParseUncompressed(plain)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}
