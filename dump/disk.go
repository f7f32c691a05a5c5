package dump

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// A folder is an opened directory. All that the store does to the disk goes
// through folders and the files in them, so that a test can make any of it
// fail; see [Options].
type folder struct {
	root  *os.Root
	fault func(op, name string) error
}

// try asks the test whether an operation fails.
func (d folder) try(op, name string) error {
	if d.fault == nil {
		return nil
	}
	if err := d.fault(op, name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (d folder) open(name string, flag int) (*file, error) {
	if err := d.try("open", name); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &file{f, d, name}, nil
}

// touch makes an empty file, unless it is there.
func (d folder) touch(name string) error {
	f, err := d.open(name, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	return f.close()
}

// read returns the content of a small file of the store's own.
func (d folder) read(name string) ([]byte, error) {
	f, err := d.open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f.os, maxSums))
	return raw, errors.Join(err, f.close())
}

func (d folder) mkdir(name string) error {
	if err := d.try("mkdir", name); err != nil {
		return err
	}
	return d.root.Mkdir(name, 0o700)
}

// sub opens a directory within.
func (d folder) sub(name string) (folder, error) {
	if err := d.try("opendir", name); err != nil {
		return folder{}, err
	}
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return folder{}, err
	}
	return folder{root, d.fault}, nil
}

func (d folder) stat(name string) (fs.FileInfo, error) {
	if err := d.try("stat", name); err != nil {
		return nil, err
	}
	return d.root.Lstat(name)
}

// list returns what is in the directory, sorted by name.
func (d folder) list() ([]fs.DirEntry, error) {
	if err := d.try("readdir", "."); err != nil {
		return nil, err
	}
	return fs.ReadDir(d.root.FS(), ".")
}

func (d folder) rename(from, to string) error {
	if err := d.try("rename", from); err != nil {
		return err
	}
	return d.root.Rename(from, to)
}

func (d folder) remove(name string) error {
	if err := d.try("remove", name); err != nil {
		return err
	}
	return d.root.Remove(name)
}

func (d folder) removeAll(name string) error {
	if err := d.try("remove", name); err != nil {
		return err
	}
	return d.root.RemoveAll(name)
}

// sync makes the names in the directory survive a loss of power.
func (d folder) sync() error {
	if err := d.try("sync", "."); err != nil {
		return err
	}
	return syncDir(d.root)
}

// close closes a directory that was only looked into or that is synced: there
// is nothing that could be lost.
func (d folder) close() { _ = d.root.Close() }

// A file is one that is open in a folder.
type file struct {
	os   *os.File
	in   folder
	name string
}

// Write implements [io.Writer]. A fault of [io.ErrShortWrite] writes half.
func (f *file) Write(p []byte) (int, error) {
	if err := f.in.try("write", f.name); err != nil {
		n := 0
		if errors.Is(err, io.ErrShortWrite) {
			n, _ = f.os.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.os.Write(p)
}

func (f *file) seek(to int64) error {
	_, err := f.os.Seek(to, io.SeekStart)
	return err
}

func (f *file) truncate(size int64) error {
	if err := f.in.try("truncate", f.name); err != nil {
		return err
	}
	return f.os.Truncate(size)
}

func (f *file) sync() error {
	if err := f.in.try("sync", f.name); err != nil {
		return err
	}
	return f.os.Sync()
}

func (f *file) close() error { return f.os.Close() }
