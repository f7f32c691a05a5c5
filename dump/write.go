package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// bufferSize gathers the many small writes of a profile's compressor.
const bufferSize = 32 << 10

// A File is one file of an event, whole and synced.
type File struct {
	Name  string // within the event, such as "heap.pb.gz"
	Path  string // absolute
	Bytes int64
}

// Write adds a file to the event. What fill writes goes to a temporary name,
// which is synced and then renamed, so the file is there whole or not at all.
//
// The name has at most 128 bytes of [A-Za-z0-9._-] and does not start with a
// dot, or Write fails with [ErrName]. One that the event has already, or that
// is being written, fails with [ErrExists]; bytes that do not fit into the
// budget fail with [ErrBudget]. On any failure nothing is left of the file, and
// the event's other files stay. There is one exception: when only the last
// step fails, the sync of the directory, the file is there and whole, and may
// be lost with the power.
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

func (e *Entry) write(name string, fill func(io.Writer) error, replace bool) (File, error) {
	if err := checkName(name); err != nil {
		return File{}, err
	}
	if err := e.begin(name); err != nil {
		return File{}, err
	}
	defer e.end(name)

	var before int64
	switch info, err := e.dir.Lstat(name); {
	case err == nil && !replace:
		return File{}, ErrExists
	case err == nil && info.Mode().IsRegular():
		before = info.Size()
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return File{}, err
	}

	out := &capped{entry: e}
	kept := false
	defer func() { // deferred, because fill may end the goroutine
		if !kept {
			_ = e.dir.Remove(tempName(name))
			e.store.giveBack(e, out.taken)
		}
	}()
	if err := out.fill(e.dir, tempName(name), fill); err != nil {
		return File{}, err
	}
	if err := e.dir.Rename(tempName(name), name); err != nil {
		return File{}, err
	}
	kept = true
	e.store.giveBack(e, before)
	return File{Name: name, Path: filepath.Join(e.path, name), Bytes: out.taken}, syncDir(e.dir)
}

// fill makes the file temp in dir, lets fn write to it, and syncs it.
func (c *capped) fill(dir *os.Root, temp string, fn func(io.Writer) error) (err error) {
	// O_EXCL follows no symbolic link.
	c.file, err = dir.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.file.Close()) }()
	buffer := bufio.NewWriterSize(c, bufferSize)
	if err = guard(fn, buffer); err == nil {
		err = buffer.Flush()
	}
	if c.err != nil {
		return c.err // the cause of whatever fn made of it
	}
	if err != nil {
		return err
	}
	return c.file.Sync()
}

// guard calls fn and turns a panic into an error.
func guard(fn func(io.Writer) error, w io.Writer) (err error) {
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
