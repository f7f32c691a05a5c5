package dump

import (
	"hash"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
)

// So many bytes are reserved ahead of a writer, so that the directory is not locked
// for every buffer of a large file.
const (
	leastReserved = 256 << 10
	mostReserved  = 1 << 20
)

// A limitedWriter writes to a file within the budget. Bytes that are granted and
// not written yet are in the size of the file, where every process counts them.
type limitedWriter struct {
	entry   *Entry
	file    *disk.File
	hash    hash.Hash32
	written int64
	granted int64
	last    bool  // no write follows this one
	err     error // of the first write that failed
}

func newLimitedWriter(e *Entry, f *disk.File) *limitedWriter {
	return &limitedWriter{entry: e, file: f, hash: checksum.New()}
}

// Write reserves the bytes before it writes them, so that the directory never
// exceeds its budget.
func (w *limitedWriter) Write(p []byte) (n int, err error) {
	defer func() {
		w.written += int64(n)
		if w.err == nil {
			w.err = err
		}
	}()
	if w.err != nil {
		return 0, w.err
	}
	if need := w.written + int64(len(p)); need > w.granted {
		if err := w.grow(need); err != nil {
			return 0, err
		}
	}
	_, _ = w.hash.Write(p)
	return w.file.Write(p)
}

// grow reserves the bytes that the file needs, and some more where there is much
// room.
func (w *limitedWriter) grow(need int64) error {
	s := w.entry.store
	return s.locked(func(root disk.Dir) error {
		if err := s.makeRoom(root, demand{bytes: need - w.granted, by: w.entry}); err != nil {
			return err
		}
		ahead := min(max(need, leastReserved), mostReserved, s.maxBytes()/64)
		if more := (demand{bytes: ahead}); !w.last && s.fits(root, more) {
			if err := s.grant(*s.counted, more); err != nil {
				return err
			}
			need += ahead
		}
		if err := w.file.Truncate(need); err != nil {
			return err
		}
		w.granted = need
		return nil
	})
}
