package dump

import (
	"fmt"
	"os"
)

// capped writes to a file what the budget allows.
type capped struct {
	entry *Entry
	file  *os.File
	taken int64 // of the budget
	err   error // of the first write that failed
}

// Write reserves the bytes before it writes them, so that the directory is
// never over its budget, not even for a moment.
func (c *capped) Write(p []byte) (n int, err error) {
	defer func() {
		if c.err == nil {
			c.err = err
		}
	}()
	size := int64(len(p))
	if err := c.entry.store.take(c.entry, size); err != nil {
		return 0, err
	}
	c.taken += size
	return c.file.Write(p)
}

// take adds n bytes to what e takes of the budget. Other events are removed for
// them, but not for an event that takes over half of the budget: one runaway
// file must not cost all the evidence there is.
func (s *Store) take(e *Entry, n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used()+n > s.limits.MaxBytes {
		root, err := s.place.open()
		if err != nil {
			return err
		}
		defer closeQuietly(root)
		want := demand{bytes: n, modest: e.bytes+n > s.limits.MaxBytes/2}
		if err := s.makeRoom(root, want); err != nil {
			return err
		}
	}
	e.bytes += n
	return nil
}

// giveBack returns n bytes of e to the budget.
func (s *Store) giveBack(e *Entry, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.bytes -= n
}

// used returns the bytes of all events. The lock is held.
func (s *Store) used() int64 {
	used := s.settled
	for _, e := range s.open {
		used += e.bytes
	}
	return used
}

func (s *Store) exhausted() error {
	return fmt.Errorf("%w: %d of %d bytes used, %d events open", ErrBudget,
		s.used(), s.limits.MaxBytes, len(s.open))
}
