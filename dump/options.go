package dump

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// The defaults of [Options].
const (
	DefaultMaxEvents = 100
	DefaultMaxBytes  = 256 << 20
	DefaultMaxAge    = 30 * 24 * time.Hour
)

// By default a twentieth of the disk is kept free, and this at most.
const (
	freePart = 20
	mostFree = 256 << 20
)

// Options bound what a [Store] keeps. The zero value means the defaults.
// Processes that share a directory are meant to have the same ones: each keeps
// to its own.
type Options struct {
	// MaxEvents is how many events the directory holds, those of other
	// processes included. The default is [DefaultMaxEvents].
	MaxEvents int
	// MaxBytes is how many bytes all files of all events hold together,
	// unfinished ones and the store's own included. The default is
	// [DefaultMaxBytes].
	MaxBytes int64
	// MaxAge is how long an event is kept, by the time in its id. An older event
	// is removed at the second scan that finds it so, at least an hour after the
	// first: a clock that was set wrong for a while costs no evidence.
	// The default is [DefaultMaxAge].
	MaxAge time.Duration
	// Private has the events in a private directory of the path, regardless of the path's
	// owner and mode, as for a directory that other files are in. The package
	// comment says when it is so by default. [Store.SetLimits] does not change it. On
	// Windows it has no effect.
	Private bool
	// KeepFree is how many bytes of the disk are left to others: nothing is
	// written that would leave less. Delivered events are removed to keep them
	// free. The default is 5 % of the disk, at most 256 MiB; a negative
	// number is none. It is kept on Linux, macOS and FreeBSD.
	KeepFree int64
	// Memory returns how many bytes the events may take where the directory is in
	// memory, on tmpfs or ramfs, whose files count as memory of the process. It is
	// asked for each demand, and the lower one of it and MaxBytes counts. Where that
	// is less than what the events take already, they take no more, and [Store.Tidy]
	// removes events if it was so at the last Tidy, too. Memory must not call the
	// store. The default is no such limit. It is kept on Linux.
	Memory func() int64
	// Beside names directories of [Store.OpenDir] whose files count against MaxBytes and
	// Memory, as of the latest scan: after a change [Store.Tidy] makes room for it.
	Beside []string
	// Now is the wall clock that MaxAge goes by. The default is [time.Now].
	Now func() time.Time
	// Fault is for tests. It is asked before every operation on the disk, and
	// the operation fails with what it returns. op is "open", "opendir",
	// "readdir", "stat", "mkdir", "stamp", "rename", "remove", "write", "truncate",
	// "sync", "lock" or "space". A write that fails with [io.ErrShortWrite]
	// writes half. Several goroutines may ask at once.
	Fault func(op, name string) error
}

func (o Options) withDefaults() (Options, error) {
	for _, v := range []struct {
		name  string
		value int64
	}{{"MaxEvents", int64(o.MaxEvents)}, {"MaxBytes", o.MaxBytes}, {"MaxAge", int64(o.MaxAge)}} {
		if v.value < 0 {
			return o, fmt.Errorf("%s is %d, must not be negative", v.name, v.value)
		}
	}
	if o.MaxEvents == 0 {
		o.MaxEvents = DefaultMaxEvents
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxAge == 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

// budget returns how many bytes the events may take now.
func (s *Store) budget() int64 {
	if s.volatile && s.limits.Memory != nil {
		return min(s.limits.MaxBytes, s.limits.Memory())
	}
	return s.limits.MaxBytes
}

// maxBytes returns how many bytes the events may take after a demand. While the budget
// is lower than what they take, they must not take more, and old ones make room for
// new ones: memory that is short for a moment costs no evidence.
func (s *Store) maxBytes() int64 { return min(s.limits.MaxBytes, max(s.budget(), s.taken)) }

// room returns how many bytes may still be written to the disk of dir, and what
// has to stay free.
func (o Options) room(root disk.Dir, dir string) (bytes, keep int64, known bool) {
	if o.KeepFree < 0 || root.Try("space", dir) != nil {
		return 0, 0, false
	}
	size, free, ok := disk.Space(dir)
	if !ok {
		return 0, 0, false
	}
	keep = o.KeepFree
	if keep == 0 {
		keep = min(size/freePart, mostFree)
	}
	return free - keep, keep, true
}
