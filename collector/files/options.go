package files

import (
	"time"

	"go.uber.org/zap"
)

// Options bound a store. The zero value keeps everything for ever.
type Options struct {
	// MaxBytes bounds all files together, uploads under way included. The
	// oldest uploads are removed to make room. 0 is no bound.
	MaxBytes int64
	// MaxAge is how long an upload is kept, counted from its arrival. 0 is for
	// ever.
	MaxAge time.Duration
	// Rebuild rebuilds the index from the files.
	Rebuild bool
	// Progress is called from time to time while Open reads files that are not
	// in the index, by one goroutine at a time.
	Progress func(done, total int)
	// Log receives reports of damage and repairs. The default logs nothing.
	Log *zap.Logger
	// Now is the clock; the default is [time.Now].
	Now func() time.Time

	relaxed bool // nothing is synced, for tests that are not about durability
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return o
}
