package safepprof

import (
	"errors"
	"fmt"
)

// Limits bound what a [Checker] lets pass. 0 stands for the default.
type Limits struct {
	// Body is how many bytes may be sent. 16 MiB by default.
	Body int64
	// Inflated is how many bytes they may inflate to. 64 MiB by default.
	Inflated int64
	// Decoded is how many bytes the usual decoder may allocate for them. 512 MiB
	// by default. A real profile takes 5 to 12 times what it inflates to.
	Decoded int64
}

// Bounds that every profile of a profiler keeps. None of them is a matter of taste:
// each bounds work that would otherwise be quadratic, or cost the sender nothing.
const (
	maxRatio       = 100      // how often a body inflates to itself; real ones do 2 to 12 times
	freeRatio      = 1 << 20  // bytes that may be inflated in any case
	maxIdle        = 2        // how often a gzipped body may be what it inflates to; real ones are smaller
	freeIdle       = 64 << 10 // bytes that a gzipped body may have in any case
	maxSampleTypes = 64       // real ones have up to 6
	maxMessage     = 64 << 10 // bytes of a sample, location, function or mapping
	maxString      = 1 << 20  // bytes
	maxUnknown     = 1 << 20  // bytes of fields that the format does not have
	maxLabels      = 1 << 10  // of one sample
	maxMappings    = 1 << 16  // a Linux process can have 65530
	maxUnfolded    = 1 << 28  // frames, if each location had the most inlined calls
)

// fill puts defaults in place of zeros, and refuses what is less.
func (l Limits) fill() (Limits, error) {
	var err error
	for _, f := range []struct {
		name     string
		value    *int64
		standard int64
	}{{"Body", &l.Body, 16 << 20}, {"Inflated", &l.Inflated, 64 << 20}, {"Decoded", &l.Decoded, 512 << 20}} {
		if *f.value < 0 {
			err = errors.Join(err, fmt.Errorf("holmes: safepprof: Limits.%s is %d, below 0", f.name, *f.value))
		}
		if *f.value == 0 {
			*f.value = f.standard
		}
	}
	return l, err
}
