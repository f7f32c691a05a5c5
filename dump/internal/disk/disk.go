// Package disk holds the operations on files that package dump needs. A test can
// make each of them fail.
package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// maxRead bounds what [Dir.Read] returns.
const maxRead = 1 << 20

// A Dir is an open directory. Its methods report a missing file as
// [fs.ErrNotExist].
type Dir struct {
	Root *os.Root
	// Fault is asked before every operation, which fails with what it returns.
	// Nil means that no operation fails.
	Fault func(op, name string) error
}

// Try returns the fault of an operation, if a test wants one.
func (d Dir) Try(op, name string) error {
	if d.Fault == nil {
		return nil
	}
	if err := d.Fault(op, name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// Open opens a file with the flags of [os.OpenFile] and mode 0600.
func (d Dir) Open(name string, flag int) (*File, error) {
	if err := d.Try("open", name); err != nil {
		return nil, err
	}
	f, err := d.Root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &File{f, d, name}, nil
}

// Touch makes an empty file unless it exists.
func (d Dir) Touch(name string) error {
	f, err := d.Open(name, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	return f.Close()
}

// Stamp sets the time of the last change of an empty file, and makes it if need be. On a
// volume where files belong to another user, who alone may set a time, the file is made
// again, and has the file system's time.
func (d Dir) Stamp(name string, at time.Time) error {
	if err := d.Touch(name); err != nil {
		return err
	}
	err := d.Try("stamp", name)
	if err == nil {
		err = d.Root.Chtimes(name, at, at)
	}
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return errors.Join(d.Remove(name), d.Touch(name))
}

// Read returns the content of a file, at most 1 MiB.
func (d Dir) Read(name string) ([]byte, error) {
	f, err := d.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxRead))
	return raw, errors.Join(err, f.Close())
}

// Mkdir makes a directory with mode 0700.
func (d Dir) Mkdir(name string) error {
	if err := d.Try("mkdir", name); err != nil {
		return err
	}
	return d.Root.Mkdir(name, 0o700)
}

// Sub opens a subdirectory.
func (d Dir) Sub(name string) (Dir, error) {
	if err := d.Try("opendir", name); err != nil {
		return Dir{}, err
	}
	root, err := d.Root.OpenRoot(name)
	if err != nil {
		return Dir{}, err
	}
	return Dir{root, d.Fault}, nil
}

// Stat describes a file and follows no symbolic link.
func (d Dir) Stat(name string) (fs.FileInfo, error) {
	if err := d.Try("stat", name); err != nil {
		return nil, err
	}
	return d.Root.Lstat(name)
}

// List returns the entries of the directory, sorted by name.
func (d Dir) List() ([]fs.DirEntry, error) {
	if err := d.Try("readdir", "."); err != nil {
		return nil, err
	}
	f, err := d.Root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// Rename gives a file or a directory another name.
func (d Dir) Rename(from, to string) error {
	if err := d.Try("rename", from); err != nil {
		return err
	}
	return d.Root.Rename(from, to)
}

// Remove removes a file.
func (d Dir) Remove(name string) error {
	if err := d.Try("remove", name); err != nil {
		return err
	}
	return d.Root.Remove(name)
}

// RemoveAll removes a directory with all files in it.
func (d Dir) RemoveAll(name string) error {
	if err := d.Try("remove", name); err != nil {
		return err
	}
	return removeAll(d.Root, name)
}

// removeAll is [os.Root.RemoveAll], which would add 8 KB to a program.
func removeAll(root *os.Root, name string) error {
	err := root.Remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	inside, failed := root.OpenRoot(name)
	if failed != nil {
		return err
	}
	d := Dir{Root: inside}
	entries, err := d.List()
	for _, e := range entries {
		err = errors.Join(err, removeAll(inside, e.Name()))
	}
	d.Close() // Windows removes no directory that is open
	if err != nil {
		return err
	}
	return root.Remove(name)
}

// Sync makes the names in the directory survive a loss of power.
func (d Dir) Sync() error {
	if err := d.Try("sync", "."); err != nil {
		return err
	}
	return syncDir(d.Root)
}

// SyncFile makes the content of a file survive a loss of power.
func (d Dir) SyncFile(name string) error {
	f, err := d.Open(name, os.O_RDWR) // Windows syncs no file that is open for reading only
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Close closes the directory. An error would say nothing: no data is written
// through a directory.
func (d Dir) Close() { _ = d.Root.Close() }

// A File is an open file of a [Dir].
type File struct {
	os   *os.File
	in   Dir
	name string
}

// Write implements [io.Writer]. A fault of [io.ErrShortWrite] writes half.
func (f *File) Write(p []byte) (int, error) {
	if err := f.in.Try("write", f.name); err != nil {
		n := 0
		if errors.Is(err, io.ErrShortWrite) {
			n, _ = f.os.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.os.Write(p)
}

// Read implements [io.Reader].
func (f *File) Read(p []byte) (int, error) { return f.os.Read(p) }

// Size returns the size of the file.
func (f *File) Size() (int64, error) {
	info, err := f.os.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// SeekTo sets the offset of the next read or write.
func (f *File) SeekTo(to int64) error {
	_, err := f.os.Seek(to, io.SeekStart)
	return err
}

// Truncate changes the size of the file.
func (f *File) Truncate(size int64) error {
	if err := f.in.Try("truncate", f.name); err != nil {
		return err
	}
	return f.os.Truncate(size)
}

// Sync makes the content survive a loss of power.
func (f *File) Sync() error {
	if err := f.in.Try("sync", f.name); err != nil {
		return err
	}
	return f.os.Sync()
}

// Close closes the file.
func (f *File) Close() error { return f.os.Close() }
