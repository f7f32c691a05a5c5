package pprofread

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"
)

var errConcatenated = errors.New("several profiles in one")

// Times returns when the profile in raw was begun and how long it took, each
// zero when the profile does not say. It looks at nothing else, but does read
// to the end: a profile that was cut off is an error. The limits are those of
// [Parse].
func Times(raw []byte) (start time.Time, took time.Duration, err error) {
	plain, err := inflate(raw)
	var t times
	if err == nil {
		err = protowire.Each(plain, t.read)
	}
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("read profile: %w", err)
	}
	if t.nanos > 0 {
		start = time.Unix(0, t.nanos)
	}
	return start, time.Duration(max(t.duration, 0)), nil
}

// The times of a profile are since 1970 and of its duration, in nanoseconds.
type times struct {
	nanos, duration int64
}

// read takes the times from a field of a profile.
func (t *times) read(c *protowire.Cursor) error {
	switch c.Field {
	case protowire.ProfileTime:
		if t.nanos != 0 {
			// Files of protocol buffers can be put together, but the second
			// string table would not be what the second samples point at.
			return errConcatenated
		}
		t.nanos = int64(c.Number())
	case protowire.ProfileDuration:
		t.duration = int64(c.Number())
	}
	return nil
}
