package files

import (
	"time"

	"go.uber.org/zap"
)

// Options bound a store. The zero value keeps everything for ever.
type Options struct {
	// MaxBytes is what all files together may take, uploads under way
	// included. To make room the oldest ones go. 0 is no bound but the disk's.
	MaxBytes int64
	// MaxAge is how long an upload is kept, counted from its arrival. 0 is for
	// ever.
	MaxAge time.Duration
	// Rebuild makes the index anew from the files.
	Rebuild bool
	// Progress is told how far the reading of files has come that are not in
	// the index, from time to time and by one goroutine at a time.
	Progress func(done, total int)
	// Log is told what was found damaged, and what was done about it. The
	// default is nobody.
	Log *zap.Logger
	// Now is the clock; the default is [time.Now].
	Now func() time.Time

	relaxed bool // tests of other things than durability sync nothing
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
