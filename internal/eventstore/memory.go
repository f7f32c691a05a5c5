package eventstore

import (
	"errors"
	"fmt"
	"math"

	"github.com/go-holmes/holmes/dump"
)

// Events in memory, on the heap or on a tmpfs, count as memory of the process: together
// they must not be what kills it. They take this part of the memory that can still be
// allocated, and at most of its limit.
const memoryPart = 20

// maxInMemory is the maximum size in memory of an event that the disk refuses.
const maxInMemory = 8 << 20

// ErrMemoryOnly is returned for every event if the options say that none is written to
// disk.
var ErrMemoryOnly = errors.New("events are in memory only")

// SetSpare sets what returns how many bytes of memory the process may still take. It is
// called often and must not block.
func (s *Current) SetSpare(spare func() uint64) { s.spare.Store(&spare) }

// MemoryBudget returns how many bytes events in memory may take now.
func (s *Current) MemoryBudget() int64 {
	if spare := s.spare.Load(); spare != nil {
		return int64(min((*spare)()/memoryPart, math.MaxInt64))
	}
	return math.MaxInt64
}

// tellVolatile says that a dump path counts as memory of the process.
func (s *Current) tellVolatile(dir string) {
	s.log.Infof("the dump path %s is in memory and counts as memory of the process, so events take at most %d %% of the memory limit, or of what is free of it",
		dir, 100/memoryPart)
}

// tooLarge is the error of a file that an event in memory has no room for.
func tooLarge(limit int) error {
	return fmt.Errorf("larger than %d KiB, the limit of an event in memory", limit>>10)
}

// Bound returns how many bytes the events in the dump path may take now, and whether
// it counts as memory of the process. Without a dump path it returns 0.
func (s *Current) Bound(c Config) (bytes int64, volatile bool) {
	s.mu.Lock()
	store := s.store
	s.mu.Unlock()
	switch {
	case store == nil || store.path == "":
		return 0, false
	case store.Volatile():
		return min(c.Bytes, s.MemoryBudget()), true
	}
	return c.Bytes, false
}

// expects reports whether an error is no fault of the disk: there is none by the options,
// or it is in memory, whose bound was told when it was opened. The store may be nil.
func (s *Store) expects(err error) bool {
	bound := errors.Is(err, dump.ErrBudget) && !errors.Is(err, dump.ErrDiskFull)
	return errors.Is(err, ErrMemoryOnly) || bound && s != nil && s.Volatile()
}
