package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
)

// bufferSize gathers the many small writes of a profile's compressor.
const bufferSize = 32 << 10

// A File is one file of an event, and whole.
type File struct {
	Name  string // within the event, such as "heap.pb.gz"
	Path  string // absolute
	Bytes int64
}

// Write adds a file to the event. What fill writes goes to a temporary name,
// which is then renamed, so the file is there whole or not at all, even if the
// process is killed. It is not synced: [Entry.Close] does that, once for all files,
// and a loss of power before then may tear the file, which its checksum shows.
//
// The name has at most 128 bytes of [A-Za-z0-9._-] and does not start with a
// dot, or Write fails with [ErrName]. One that the event has already, or that
// is being written, fails with [ErrExists]; bytes that do not fit into the
// budget fail with [ErrBudget]. On any failure nothing is left of the file, and
// the event's other files stay.
//
// fill must not keep its writer. An error that it returns is wrapped, a panic
// becomes an error, and an error of the writer counts even if fill ignores it,
// as the profile writers of the runtime do.
func (e *Entry) Write(name string, fill func(io.Writer) error) (File, error) {
	f, err := e.write(name, fill, false)
	if err != nil {
		return File{}, fmt.Errorf("holmes: dump: write %s/%s: %w", e.id, name, err)
	}
	return f, nil
}

// Replace is [Entry.Write] for a file that the event may have already, as
// event.json when its event is confirmed. Until the new file is whole the old
// one stays, also when Replace fails, and both count against the budget.
func (e *Entry) Replace(name string, fill func(io.Writer) error) (File, error) {
	f, err := e.write(name, fill, true)
	if err != nil {
		return File{}, fmt.Errorf("holmes: dump: replace %s/%s: %w", e.id, name, err)
	}
	return f, nil
}

func (e *Entry) write(name string, fill func(io.Writer) error, replace bool) (f File, err error) {
	if err := layout.CheckName(name); err != nil {
		return f, err
	}
	if err := e.begin(name); err != nil {
		return f, err
	}
	defer e.end(name)
	switch _, err := e.dir.Stat(name); {
	case err == nil && !replace:
		return f, ErrExists
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return f, err
	}
	committed := false
	defer func() { // deferred, because fill may end the goroutine
		if !committed {
			_ = e.dir.Remove(layout.TempName(name))
		}
	}()
	got, err := e.fill(name, fill)
	if err != nil {
		return f, err
	}
	if err := e.commit(got); err != nil {
		return f, err
	}
	committed = true
	return File{Name: name, Path: filepath.Join(e.path, name), Bytes: got.Size}, nil
}

// fill makes the temporary file of name and lets fn write to it.
func (e *Entry) fill(name string, fn func(io.Writer) error) (s checksum.Sum, err error) {
	temp := layout.TempName(name)
	// O_EXCL follows no symbolic link.
	f, err := e.dir.Open(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if errors.Is(err, fs.ErrExist) { // left by a write that failed
		if err := e.dir.Remove(temp); err != nil {
			return s, err
		}
		f, err = e.dir.Open(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	}
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := newLimitedWriter(e, f)
	buffer := bufio.NewWriterSize(out, bufferSize)
	if err = recoverPanic(fn, buffer); err == nil {
		out.last = true
		err = buffer.Flush()
	}
	if out.err != nil {
		return s, out.err // the cause of the error of fn
	}
	if err != nil {
		return s, err
	}
	if out.granted > out.written {
		if err := f.Truncate(out.written); err != nil {
			return s, err
		}
	}
	return checksum.Sum{Name: name, Size: out.written, CRC: out.hash.Sum32()}, nil
}

// commit adds the checksum of a whole file and gives it its name, in this order: if
// the process is killed in between, the checksum shows that the file is whole, and
// the next owner gives it its name. A rename makes nothing larger, so the directory
// is not locked, and evidence does not wait for other processes.
func (e *Entry) commit(got checksum.Sum) error {
	line := got.Line()
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.reserve(int64(len(e.sums)+len(line)) + checksum.Room); err != nil {
		return err
	}
	err := withSums(e.dir, func(f *disk.File) error { return e.putSum(f, line) })
	if err != nil {
		return err
	}
	if err := e.dir.Rename(layout.TempName(got.Name), got.Name); err != nil {
		return err // the next line is written over this one
	}
	e.sums = append(e.sums, line...)
	e.lines++
	return nil
}

// reserve makes sure of the room for the checksums.
func (e *Entry) reserve(room int64) error {
	if room <= e.room {
		return nil
	}
	return e.store.locked(func(root disk.Dir) error {
		if err := e.store.makeRoom(root, demand{bytes: room - e.room, by: e}); err != nil {
			return err
		}
		err := withSums(e.dir, func(f *disk.File) error { return f.Truncate(room) })
		if err == nil {
			e.room = room
		}
		return err
	})
}

// putSum writes a line behind the valid ones, within the room, and zeros over what
// is left of a longer one that failed.
func (e *Entry) putSum(f *disk.File, line string) error {
	at := int64(len(e.sums))
	if err := f.SeekTo(at); err != nil {
		return err
	}
	padded := make([]byte, min(e.room-at, int64(len(line))+checksum.Room))
	copy(padded, line)
	_, err := f.Write(padded)
	return err
}

// recoverPanic calls fn and turns a panic into an error.
func recoverPanic(fn func(io.Writer) error, w io.Writer) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case error:
			err = fmt.Errorf("writer panicked: %w", v)
		default:
			err = fmt.Errorf("writer panicked: %v", v)
		}
	}()
	return fn(w)
}
