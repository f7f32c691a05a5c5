package blackbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The names of files: what the caller chose and one of these.
const (
	boxSuffix   = ".box"
	crashSuffix = ".crash"
	tempSuffix  = ".tmp"   // not yet what it will be; begins with a dot
	takenSuffix = ".taken" // another process has it; begins with a dot
)

// leftover is the age at which a temporary file belongs to nobody any more.
const leftover = time.Minute

// checkName refuses what would lead elsewhere or hide the file.
func checkName(name string) error {
	if name == "" || len(name) > 128 || name[0] == '.' || filepath.Base(name) != name ||
		strings.ContainsAny(name, "\x00/\\:") {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

// createFile makes a private file, locks it for as long as it stays open, fills
// it, and only then gives it its name: whoever looks for files without an owner
// never finds it unlocked. It replaces nothing and follows no link.
func createFile(dir *os.Root, name, suffix string, content []byte) (*os.File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	temp, final := "."+name+suffix+tempSuffix, name+suffix
	f, err := dir.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = lockFile(f)
	if errors.Is(err, errNoLocks) {
		err = nil // the header tells who the owner is
	}
	if err == nil {
		// Blocks that do not exist would be missed later, when the disk is full.
		_, err = f.WriteAt(content, 0)
	}
	if err == nil {
		err = rename(dir, temp, final)
	}
	if err != nil {
		return nil, errors.Join(err, ignoreMissing(dir.Remove(temp)), f.Close())
	}
	return f, nil
}

// rename gives a file a name that nobody has.
func rename(dir *os.Root, from, to string) error {
	switch err := dir.Link(from, to); {
	case err == nil:
		return dir.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	// A file system without hard links. Two processes do not choose one name.
	if _, err := dir.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return dir.Rename(from, to)
}

// openRegular opens a file that is one, and no link to one.
func openRegular(dir *os.Root, name string, flag int) (*os.File, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no regular file", ErrFormat, name)
	}
	f, err := dir.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	if !bears(dir, name, f) {
		// Removed or exchanged meanwhile: either way, what was seen is no more.
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}, f.Close())
	}
	return f, nil
}

// bears reports whether the open file still bears the name.
func bears(dir *os.Root, name string, f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := dir.Lstat(name)
	return err == nil && os.SameFile(named, opened)
}

// ignoreMissing makes the absence of what was to be removed a success.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
