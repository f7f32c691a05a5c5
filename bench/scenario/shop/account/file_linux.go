package account

import (
	"fmt"
	"os"
	"syscall"
)

// A FileStore keeps the customers' settings in a file that other processes use
// too, and is locked for that.
type FileStore struct{ path string }

// NewFileStore returns the store at a path.
func NewFileStore(path string) *FileStore { return &FileStore{path: path} }

// Save writes a customer's settings.
func (s *FileStore) Save(customer int, settings string) error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", s.path, err)
	}
	_, err = fmt.Fprintln(f, customer, settings)
	return err
}

// Hold locks the file until release is called, as a backup does.
func (s *FileStore) Hold() (release func() error, err error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return f.Close, syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
}
