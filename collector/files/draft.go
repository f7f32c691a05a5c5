package files

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/collector"
)

// A draft is an upload that is being received: in memory while it is small, as
// most uploads stay, then in a file among the incoming ones. So a small upload that
// is refused never reaches the disk, and one that is stored is written at once.
type draft struct {
	s        *Store
	buffer   *[]byte  // bytes that are not in the file yet
	file     *os.File // nil while all of it is in the buffer
	files    []fileRecord
	begins   []int64 // where each file begins
	size     int64   // bytes of all files
	reserved int64   // bytes that the store counts for it
	err      error   // the first one of writing
	renamed  bool    // the file has its final name
	done     bool
}

var _ collector.Draft = (*draft)(nil)

// bufferSize bounds the part of an upload that is in memory.
const bufferSize = 256 << 10

// Draft begins an upload.
func (s *Store) Draft(ctx context.Context) (collector.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	buffer, ok := s.buffers.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	return &draft{s: s, buffer: buffer}, nil
}

// Add begins a file.
func (d *draft) Add(name string) (io.Writer, error) {
	if err := d.sound(); err != nil {
		return nil, err
	}
	for _, f := range d.files {
		if f.Name == name {
			return nil, collector.Errorf(collector.Invalid, "file %q is there twice", name)
		}
	}
	d.files = append(d.files, fileRecord{Name: name})
	d.begins = append(d.begins, d.size)
	return toFile{d}, nil
}

// sound returns an error if the draft has ended or failed.
func (d *draft) sound() error {
	if d.done {
		return errors.New("holmes: the draft has ended")
	}
	return d.err
}

// toFile writes to the last file of a draft.
type toFile struct{ *draft }

func (t toFile) Write(p []byte) (int, error) {
	d := t.draft
	if err := d.sound(); err != nil {
		return 0, err
	}
	if err := d.put(p); err != nil {
		d.err = err
		return 0, err
	}
	last := &d.files[len(d.files)-1]
	last.Checksum = crc32.Update(last.Checksum, checksumTable(), p)
	last.Size += int64(len(p))
	d.size += int64(len(p))
	return len(p), nil
}

// put adds bytes to the buffer, and flushes it when it is full.
func (d *draft) put(p []byte) error {
	if err := d.reserve(int64(len(p))); err != nil {
		return err
	}
	for len(p) > 0 {
		if len(*d.buffer) == bufferSize {
			if err := d.flush(); err != nil {
				return err
			}
		}
		n := min(len(p), bufferSize-len(*d.buffer))
		*d.buffer = append(*d.buffer, p[:n]...)
		p = p[n:]
	}
	return nil
}

// flush writes the buffer to the file.
func (d *draft) flush() (err error) {
	err = d.s.withRoom(2*bufferSize, func() (err error) {
		if d.file == nil {
			if d.file, err = os.CreateTemp(filepath.Join(d.s.dir, incomingDir), "upload-*"); err != nil {
				d.file = nil
				return err
			}
		}
		n, err := d.file.Write(*d.buffer)
		*d.buffer = (*d.buffer)[:copy(*d.buffer, (*d.buffer)[n:])]
		return err
	})
	if err != nil {
		return fmt.Errorf("holmes: draft: %w", diskError(err))
	}
	return nil
}

// Read returns the content of a file that was received.
func (d *draft) Read(name string) (*io.SectionReader, error) {
	if err := d.sound(); err != nil {
		return nil, err
	}
	for i, f := range d.files {
		if f.Name == name {
			return io.NewSectionReader(d, d.begins[i], f.Size), nil
		}
	}
	return nil, collector.Errorf(collector.NotFound, "no file %q in the draft", name)
}

// ReadAt reads from the file and from the buffer behind it.
func (d *draft) ReadAt(p []byte, at int64) (n int, err error) {
	if err := d.sound(); err != nil {
		return 0, err // the buffer may belong to another draft by now
	}
	inFile := d.size - int64(len(*d.buffer))
	if at < inFile {
		if n, err = d.file.ReadAt(p[:min(int64(len(p)), inFile-at)], at); err != nil {
			return n, err
		}
	}
	if n < len(p) {
		n += copy(p[n:], (*d.buffer)[at+int64(n)-inFile:])
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Discard drops the draft.
func (d *draft) Discard() { d.end() }

// end releases everything of the draft but a file that has its final name.
func (d *draft) end() {
	if d.done {
		return
	}
	d.done = true
	if d.file != nil {
		_ = d.file.Close() // it is synced, or removed next
		if !d.renamed {
			if err := os.Remove(d.file.Name()); err != nil {
				d.s.opts.Log.Sugar().Warnf("discard an upload: %v", err) // the next Open removes it
			}
		}
	}
	d.s.unreserve(d.reserved)
	*d.buffer = (*d.buffer)[:0]
	d.s.buffers.Put(d.buffer)
}

// reserveStep is the number of bytes that are reserved at once.
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
