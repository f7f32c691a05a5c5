package blackbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/filelock"
)

// The names of files: what the caller chose and one of these.
const (
	boxSuffix   = ".box"
	crashSuffix = ".crash"
	tempSuffix  = ".tmp"   // not complete; begins with a dot
	takenSuffix = ".taken" // taken over by a process; begins with a dot
)

// tempMaxAge is the age at which a temporary file has no owner any more.
const tempMaxAge = time.Minute

// checkName refuses names that lead elsewhere or hide the file.
func checkName(name string) error {
	if name == "" || len(name) > 128 || name[0] == '.' || filepath.Base(name) != name ||
		strings.ContainsAny(name, "\x00/\\:") {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

// createFile makes a private file, locks it for as long as it stays open, fills
// it, and only then gives it its name: [Adopt] never finds it unlocked. It replaces nothing and follows no link.
func createFile(dir *os.Root, name, suffix string, content []byte) (*os.File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	temp, final := "."+name+suffix+tempSuffix, name+suffix
	f, err := dir.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = filelock.Try(f)
	if errors.Is(err, filelock.ErrNoLocks) {
		err = nil // the header identifies the owner
	}
	if err == nil {
		// Blocks that are not written now could not be written on a full disk.
		_, err = f.WriteAt(content, 0)
	}
	if err == nil {
		err = rename(dir, temp, final)
	}
	if err != nil {
		return nil, errors.Join(err, filelock.IgnoreMissing(dir.Remove(temp)), f.Close())
	}
	return f, nil
}

// rename gives a file a name that is free.
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

// openRegular opens a regular file, and follows no link.
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
	if !filelock.HasName(dir, name, f) {
		// Removed or exchanged meanwhile.
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}, f.Close())
	}
	return f, nil
}

// Size returns the bytes of all files in a directory, in use or not.
func Size(dir *os.Root) (bytes int64, err error) {
	d, err := dir.Open(".")
	if err != nil {
		return 0, fmt.Errorf("holmes: black box: %w", err)
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it was removed
			bytes += info.Size()
		}
	}
	return bytes, err
}
