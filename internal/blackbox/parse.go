package blackbox

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Contents are the contents of a box.
type Contents struct {
	Header
	// Records are the whole ones, in the order in which they were written.
	Records []*Record
	// Torn counts incomplete records: those that were being written when the
	// process was killed, and damaged ones.
	Torn int
	// Closed is when [Box.Close] was called, zero if it was not: the process is
	// alive or was killed.
	Closed time.Time
	// Panicked says that a panic was unwinding the stack then, see [Box.Panicked].
	Panicked bool
	// Truncated says that the file is shorter than its header says.
	Truncated bool
}

// Clean reports whether the box was closed, and not in a panic.
func (c *Contents) Clean() bool { return !c.Closed.IsZero() && !c.Panicked }

// lastAt returns when the box was last written, as far as its records show.
func (c *Contents) lastAt() time.Time {
	at := c.Start
	for _, r := range c.Records {
		if r.At.After(at) {
			at = r.At
		}
	}
	return at
}

// Read returns the contents of the box at path, which may be damaged in any
// way, and may be in use. It fails with [ErrFormat], [ErrVersion] or the
// system's error, reads at most 4 MiB and follows no link at the end of path.
func Read(path string) (*Contents, error) {
	dir, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("holmes: black box: %w", err)
	}
	defer dir.Close()
	f, err := openRegular(dir, filepath.Base(path), os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("holmes: black box: %w", err)
	}
	defer f.Close()
	c, err := readFrom(f)
	if err != nil {
		return nil, fmt.Errorf("holmes: black box: read %s: %w", path, err)
	}
	return c, nil
}

func readFrom(f *os.File) (*Contents, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, maxSize))
	if err != nil {
		return nil, err
	}
	return parse(toWords(data), len(data))
}

// parse reads an image of size bytes, the last of which may be no complete word.
func parse(w []uint64, size int) (*Contents, error) {
	if len(w) < headerWords {
		return nil, fmt.Errorf("%w: it has %d bytes, and a header has %d", ErrFormat, size, headerSize)
	}
	h, err := decodeHeader(w)
	if err != nil {
		return nil, err
	}
	c := &Contents{Header: *h, Truncated: len(w) < h.words(), Panicked: w[wordPanicked] != 0}
	if since := w[wordClosed]; since != 0 {
		c.Closed = h.Start.Add(time.Duration(since - 1))
	}
	w = w[headerWords:min(len(w), h.words())]
	for ; len(w) >= slotWords; w = w[slotWords:] {
		c.add(w[:slotWords])
	}
	slices.SortFunc(c.Records, func(a, b *Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return c, nil
}

// add reads one slot.
func (c *Contents) add(w []uint64) {
	if r := decodeRecord(w); r != nil {
		c.Records = append(c.Records, r)
		return
	}
	if slices.ContainsFunc(w, func(w uint64) bool { return w != 0 }) {
		c.Torn++
	}
}
