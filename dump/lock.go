package dump

import (
	"errors"
	"io/fs"
	"os"
)

// A lock is the ownership of one event: no other process and no other store
// makes it, writes to it or removes it meanwhile.
//
// It is a file beside the event's directory, so that it can be taken before the
// event is there and outlive its removal. The file goes with the lock; one that
// nobody holds tells that its owner was killed.
type lock struct {
	id   string
	file *os.File
}

// takeLock takes the ownership of event id in the directory root, or returns
// errHeld. It never waits.
func takeLock(root *os.Root, id string) (*lock, error) {
	return openLockOf(root, id, os.O_CREATE)
}

// inheritLock takes the ownership of an event whose owner was killed. It fails
// with [fs.ErrNotExist] if there is no such owner.
func inheritLock(root *os.Root, id string) (*lock, error) {
	return openLockOf(root, id, 0)
}

func openLockOf(root *os.Root, id string, create int) (*lock, error) {
	file, err := openLock(root, lockName(id), create)
	if err != nil {
		return nil, err
	}
	return &lock{id: id, file: file}, nil
}

// drop gives the ownership up. The directory root is nil if there is none any
// more.
func (l *lock) drop(root *os.Root) error {
	if root == nil {
		return l.file.Close()
	}
	return closeLock(root, lockName(l.id), l.file)
}

// isSame reports whether name in root is still what was opened before.
func isSame(root *os.Root, name string, opened fs.FileInfo, err error) bool {
	if err != nil {
		return false
	}
	named, err := root.Lstat(name)
	return err == nil && os.SameFile(named, opened)
}

// erase removes event id. It disappears in one step, so whoever looks never
// sees half of it; a removal that is cut short is finished by the next scan.
func erase(root *os.Root, id string) error {
	gone := goneName(id)
	if err := root.RemoveAll(gone); err != nil {
		return err
	}
	if err := root.Rename(id, gone); err != nil {
		return ignoreMissing(err)
	}
	return root.RemoveAll(gone)
}

// ignoreMissing makes the absence of what was to be removed a success.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
