package dump

import (
	"errors"
	"io/fs"
	"os"
)

// isSame reports whether name in root is still what was opened before.
func isSame(root *os.Root, name string, opened fs.FileInfo, err error) bool {
	if err != nil {
		return false
	}
	named, err := root.Lstat(name)
	return err == nil && os.SameFile(named, opened)
}

// erase removes event id. It disappears in one step, so whoever looks never
// sees half of it; a removal that is cut short is finished by the next one who
// wants space. The directory is locked.
func erase(root folder, id string) error {
	gone := goneName(id)
	if err := root.removeAll(gone); err != nil {
		return err
	}
	if err := root.rename(id, gone); err != nil {
		return ignoreMissing(err)
	}
	return root.removeAll(gone)
}

// ignoreMissing makes the absence of what was to be removed a success.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
