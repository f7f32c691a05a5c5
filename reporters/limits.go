package reporters

import (
	"errors"
	"fmt"
	"time"
)

// PyroscopeLimits are what a Pyroscope server is configured to take. Zero is
// the server's default, a negative value no limit.
type PyroscopeLimits struct {
	// Bytes is of the uncompressed profile, 4 MiB by default
	// (max_profile_size_bytes).
	Bytes int64
	// Samples of a profile, 16 000 by default (max_profile_stacktrace_samples).
	Samples int
	// Age is how old a profile may be when it arrives, an hour by default
	// (reject_older_than).
	Age time.Duration
	// Labels of a profile, those that the server adds included, 30 by default
	// (max_label_names_per_series).
	Labels int
}

// serverLabels is how many labels of its own the server adds at most:
// __name__, __delta__, service_name, pyroscope_spy.
const serverLabels = 4

// WithPyroscopeLimits is for [NewPyroscope] and a server whose limits are not
// the defaults.
func WithPyroscopeLimits(limits PyroscopeLimits) HTTPOption {
	return special("WithPyroscopeLimits", func(s *settings) error {
		s.limits = limits
		if n := limits.Labels; n > 0 && n <= serverLabels {
			return fmt.Errorf("%d labels: the server adds %d itself", n, serverLabels)
		}
		return nil
	})
}

// WithTenant is for [NewPyroscope]: it sends a tenant's ID in the header
// X-Scope-OrgID. The default is none, for servers without tenants.
func WithTenant(id string) HTTPOption {
	return special("WithTenant", func(s *settings) error {
		s.tenant = id
		for _, c := range []byte(id) {
			if c <= ' ' || c > '~' {
				return fmt.Errorf("%q has characters that no header can hold", id)
			}
		}
		if id == "" {
			return errors.New("the ID is empty")
		}
		return nil
	})
}

// orDefaults returns the limits with the defaults for what is zero. No limit is zero
// then.
func (l PyroscopeLimits) orDefaults() PyroscopeLimits {
	return PyroscopeLimits{
		Bytes:   limit(l.Bytes, 4<<20),
		Samples: limit(l.Samples, 16_000),
		Age:     limit(l.Age, time.Hour),
		Labels:  limit(l.Labels, 30),
	}
}

func limit[T ~int | ~int64](n, byDefault T) T {
	switch {
	case n == 0:
		return byDefault
	case n < 0:
		return 0
	default:
		return n
	}
}

// oldest returns the oldest time that a profile may have to be taken, with some
// room for clocks that differ and for the way there.
func (l PyroscopeLimits) oldest(now time.Time) time.Time {
	if l.Age == 0 {
		return time.Time{}
	}
	return now.Add(min(5*time.Minute, l.Age/2) - l.Age)
}
