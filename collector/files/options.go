package files

import (
	"time"

	"go.uber.org/zap"
)

// Options bound a store. The zero value keeps everything for ever.
type Options struct {
	// MaxBytes bounds all files together, uploads under way included. Above it the
	// oldest single profiles are removed, and events when they have more than half
	// of it or nothing else is left. 0 is no bound.
	MaxBytes int64
	// MaxAge is how long a single profile is kept, and EventAge an event with its
	// profiles. Both are counted from the arrival. 0 is for ever.
	MaxAge, EventAge time.Duration
	// Quotas bound the bytes of services, Quota those of each other one. Above it the
	// oldest profiles of the service are removed, then its events. 0 is no bound.
	Quotas map[string]int64
	Quota  int64
	// KeepFree is how many bytes of the file system stay free, or 5 % of it if that is
	// less: the oldest single profiles are removed for it. When the disk is full all
	// the same, old uploads make room for new ones. With 0 a full disk is an error.
	KeepFree int64
	// Rebuild rebuilds the index from the files.
	Rebuild bool
	// Progress is called from time to time while Open reads files that are not
	// in the index, by one goroutine at a time.
	Progress func(done, total int)
	// Log receives reports of damage, repairs and removals. The default logs
	// nothing.
	Log *zap.Logger
	// Now is the clock; the default is [time.Now].
	Now func() time.Time

	relaxed bool                               // nothing is synced, for tests that are not about durability
	disk    func(string) (int64, int64, error) // [Disk], or a test's
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
	if o.disk == nil {
		o.disk = Disk
	}
	return o
}
