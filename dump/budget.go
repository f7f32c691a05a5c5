package dump

import (
	"hash"
	"hash/crc32"
)

// mostReserved is how many bytes are reserved ahead of a writer, so that the
// directory is not counted for every buffer of a large file.
const mostReserved = 1 << 20

// capped writes to a file what the budget allows. What was granted and is not
// written yet is in the size of the file, for every process to count.
type capped struct {
	entry   *Entry
	file    *file
	hash    hash.Hash32
	written int64
	granted int64
	err     error // of the first write that failed
}

func newCapped(e *Entry, f *file) *capped {
	return &capped{entry: e, file: f, hash: crc32.New(castagnoli())}
}

// Write reserves the bytes before it writes them, so that the directory is
// never over its budget, not even for a moment.
func (c *capped) Write(p []byte) (n int, err error) {
	defer func() {
		c.written += int64(n)
		if c.err == nil {
			c.err = err
		}
	}()
	if c.err != nil {
		return 0, c.err
	}
	if need := c.written + int64(len(p)); need > c.granted {
		if err := c.grow(need); err != nil {
			return 0, err
		}
	}
	_, _ = c.hash.Write(p)
	return c.file.Write(p)
}

// grow reserves the bytes that the file needs, and where there is room in
// plenty some more.
func (c *capped) grow(need int64) error {
	s := c.entry.store
	return s.locked(func(root folder) error {
		if err := s.makeRoom(root, demand{bytes: need - c.granted, by: c.entry}); err != nil {
			return err
		}
		ahead := min(need, mostReserved, s.limits.MaxBytes/64)
		if more := (demand{bytes: ahead}); s.fits(root, more) && s.makeRoom(root, more) == nil {
			need += ahead
		}
		if err := c.file.truncate(need); err != nil {
			return err
		}
		c.granted = need
		return nil
	})
}
