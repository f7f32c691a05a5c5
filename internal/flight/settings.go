package flight

import (
	"cmp"
	"fmt"
	"runtime"
	"time"
)

// Settings are what a session asks for. The zero value is the default in each
// field.
type Settings struct {
	// MinAge is how far back the ring reaches, by default 10 s, as long as
	// MaxBytes hold it. The first session decides for all.
	MinAge time.Duration
	// MaxBytes is how large the ring becomes, by default 8 MiB. The recorder
	// takes it as a hint: it may hold two parts of the trace beyond it, of at
	// most a second each. The first session decides for all.
	MaxBytes int64
	// MaxRate is the bytes per second above which this session ends. By
	// default it costs 5 % of GOMAXPROCS ([RateFor]). It is never more than the
	// rate at which the ring holds 2 s: 4.2 MB/s for 8 MiB.
	MaxRate float64
	// Always arms without the budget of an hour, for a recorder that is always
	// on.
	Always bool
}

const (
	defaultMinAge   = 10 * time.Second
	defaultMaxBytes = 8 << 20
	defaultShare    = 0.05
	// minWindow is how far back a ring must reach at least.
	minWindow = 2 * time.Second
)

func (s Settings) withDefaults() (Settings, error) {
	if s.MinAge < 0 || s.MaxBytes < 0 || !(s.MaxRate >= 0) {
		return s, fmt.Errorf("%w: %+v", ErrSettings, s)
	}
	s.MinAge = cmp.Or(s.MinAge, defaultMinAge)
	s.MaxBytes = cmp.Or(s.MaxBytes, defaultMaxBytes)
	if s.MaxRate == 0 {
		s.MaxRate = RateFor(defaultShare, runtime.GOMAXPROCS(0))
	}
	s.MaxRate = min(s.MaxRate, float64(s.MaxBytes)/minWindow.Seconds())
	return s, nil
}
