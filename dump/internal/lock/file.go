//go:build !windows

package lock

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-holmes/holmes/internal/filelock"
)

// maxTries bounds how often openFile meets a lock at the moment when its holder
// removes it. Once is rare.
const maxTries = 10

// openFile opens and locks a file, or returns [filelock.ErrHeld]. With create set to
// [os.O_CREATE] it makes a missing one. The kernel gives the lock up when the
// process dies. On a file system without locks, and on a system without flock, the
// file is not locked: that must not cost the evidence, see the caveats of package
// dump.
func openFile(root *os.Root, name string, create int) (*os.File, error) {
	for range maxTries {
		f, err := root.OpenFile(name, os.O_RDWR|create, 0o600)
		if err != nil {
			return nil, err
		}
		if err := filelock.Try(f); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
		}
		// The holder may have removed the file after it was opened here. Only the
		// file that has the name excludes others.
		if filelock.HasName(root, name, f) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("lock %s: %w", name, filelock.ErrHeld)
}

// removeFile removes the file and unlocks it, in this order: the other order could
// remove the lock of the next owner.
func removeFile(root *os.Root, name string, f *os.File) error {
	var err error
	if filelock.HasName(root, name, f) {
		err = filelock.IgnoreMissing(root.Remove(name))
	}
	return errors.Join(err, f.Close())
}
