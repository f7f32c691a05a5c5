package lock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/go-holmes/holmes/internal/filelock"
)

// sharingViolation is ERROR_SHARING_VIOLATION, which package syscall lacks.
const sharingViolation = syscall.Errno(32)

// openFile opens a file exclusively, or returns [filelock.ErrHeld]. With create set to
// [os.O_CREATE] it makes a missing one. The system closes it when the process
// dies.
func openFile(root *os.Root, name string, create int) (*os.File, error) {
	path := filepath.Join(root.Name(), name)
	utf16, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const shared = 0
	disposition := uint32(syscall.OPEN_EXISTING)
	if create != 0 {
		disposition = syscall.OPEN_ALWAYS
	}
	handle, err := syscall.CreateFile(utf16, syscall.GENERIC_READ|syscall.GENERIC_WRITE, shared, nil,
		disposition, syscall.FILE_ATTRIBUTE_NORMAL|syscall.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if errors.Is(err, sharingViolation) {
		err = filelock.ErrHeld
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return os.NewFile(uintptr(handle), path), nil
}

// removeFile closes the file and removes it, unless its next owner has it open by
// then: Windows removes no open file.
func removeFile(root *os.Root, name string, f *os.File) error {
	if err := f.Close(); err != nil {
		return err
	}
	if err := filelock.IgnoreMissing(root.Remove(name)); err != nil && !errors.Is(err, sharingViolation) {
		return err
	}
	return nil
}
