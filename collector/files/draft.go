package files

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/collector"
)

// A draft is a blob file in the making, in the directory of incoming ones.
type draft struct {
	s        *Store
	file     *os.File
	buffer   *bufio.Writer // before out
	files    []fileRecord
	begins   []int64 // where each file begins
	size     int64   // bytes that went to the file
	reserved int64   // bytes that the store counts for it
	err      error   // the first one that writing met
	done     bool
}

var _ collector.Draft = (*draft)(nil)

// bufferSize is how much of an upload is in memory before it is in the file.
const bufferSize = 32 << 10

// Draft begins an upload.
func (s *Store) Draft(ctx context.Context) (collector.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, incomingDir), "upload-*")
	if err != nil {
		return nil, fmt.Errorf("holmes: draft: %w", diskError(err))
	}
	d := &draft{s: s, file: f}
	d.buffer = bufio.NewWriterSize(toFile{d}, bufferSize)
	return d, nil
}

// Add begins a file.
func (d *draft) Add(name string) (io.Writer, error) {
	if err := d.settle(); err != nil {
		return nil, err
	}
	for _, f := range d.files {
		if f.Name == name {
			return nil, collector.Errorf(collector.Invalid, "file %q is there twice", name)
		}
	}
	d.files = append(d.files, fileRecord{Name: name})
	d.begins = append(d.begins, d.size)
	return d.buffer, nil
}

// toFile is where the buffer empties itself to: the last file of the draft.
type toFile struct{ *draft }

func (t toFile) Write(p []byte) (int, error) {
	d := t.draft
	if err := d.reserve(int64(len(p))); err != nil {
		d.err = err
		return 0, err
	}
	n, err := d.file.Write(p)
	last := &d.files[len(d.files)-1]
	last.Checksum = crc32.Update(last.Checksum, checksumTable(), p[:n])
	last.Size += int64(n)
	d.size += int64(n)
	if err != nil {
		d.err = fmt.Errorf("holmes: draft: %w", diskError(err))
	}
	return n, d.err
}

// settle brings the buffer to the file.
func (d *draft) settle() error {
	if d.done {
		return errors.New("holmes: the draft has ended")
	}
	if err := d.buffer.Flush(); err != nil && d.err == nil {
		d.err = err
	}
	return d.err
}

// Read returns what was received of a file.
func (d *draft) Read(name string) (*io.SectionReader, error) {
	if err := d.settle(); err != nil {
		return nil, err
	}
	for i, f := range d.files {
		if f.Name == name {
			return io.NewSectionReader(d.file, d.begins[i], f.Size), nil
		}
	}
	return nil, collector.Errorf(collector.NotFound, "no file %q in the draft", name)
}

// Discard drops the draft.
func (d *draft) Discard() { d.end() }

// end removes the file, unless it was given a place, and gives back what was
// reserved for it.
func (d *draft) end() {
	if !d.done {
		d.close()
		if err := os.Remove(d.file.Name()); err != nil {
			d.s.opts.Log.Sugar().Warnf("discard an upload: %v", err) // the next Open removes it
		}
	}
	d.s.unreserve(d.reserved)
	d.reserved = 0
}

// close ends the use of the file under its first name.
func (d *draft) close() {
	d.done = true
	_ = d.file.Close() // synced, or not wanted
}

// reserveStep is what is reserved at once.
const reserveStep = 256 << 10

// reserve makes sure that n more bytes fit into the store's bounds.
func (d *draft) reserve(n int64) error {
	if d.size+n <= d.reserved {
		return nil
	}
	step := max(n, reserveStep)
	if err := d.s.reserve(step); err != nil {
		return err
	}
	d.reserved += step
	return nil
}
