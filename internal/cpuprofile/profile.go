package cpuprofile

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A Profile is one uninterrupted profile.
type Profile struct {
	// Data is the profile, pprof encoded and compressed.
	Data []byte
	// Start and Duration are those recorded in the profile.
	Start    time.Time
	Duration time.Duration
}

// profiles reads the slices of a session. They are not merged: `go tool pprof`
// accepts several files, and the code that merges profiles is larger than package
// dump. Slices that cannot be read are left out, and the error names them.
func profiles(slices []*slice) (out []Profile, err error) {
	for _, s := range slices {
		data := s.buf.Bytes() // shared by members, and never written again
		start, took, bad := pprofread.Times(data)
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("slice of %s: %w", s.start.Format(time.TimeOnly), bad))
			continue
		}
		out = append(out, Profile{Data: data, Start: start, Duration: took})
	}
	return out, err
}
