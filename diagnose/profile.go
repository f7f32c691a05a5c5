package diagnose

import (
	"fmt"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A Profile is a decoded profile, made by [Parse]. It has SampleTypes, a
// Period, TimeNanos and DurationNanos as in profile.proto, and Samples, each
// with its Values and Frames. This package does not change it, so several
// goroutines may use it.
type Profile = pprofread.Profile

// Parse decodes a profile that runtime/pprof wrote, or another program in the
// same format: profile.proto, gzipped or not. Text forms are not read.
//
// It fails on data that is no profile or is damaged, and on a profile of more than
// 64 MiB when inflated, since it may allocate many times that. References to missing
// locations and functions are no failure: they are frames without a name, which are
// not blamed.
func Parse(raw []byte) (*Profile, error) {
	p, err := pprofread.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	return p, nil
}
