package dump

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// An Entry is an event that this process has open. Its methods are safe for
// concurrent use.
type Entry struct {
	store *Store
	id    string
	path  string
	dir   *os.Root
	lock  *lock

	// bytes is what the event takes of the budget; the store's lock guards it.
	bytes int64

	mu      sync.Mutex
	writing map[string]bool // the files that are being written
	closed  bool
	writers sync.WaitGroup
}

// ID returns the event's id.
func (e *Entry) ID() string { return e.id }

// Path returns the absolute path of the event's directory.
func (e *Entry) Path() string { return e.path }

// Close says that nobody writes or reads the event any more: from now on
// retention may remove it. A disposable event goes before all others, and at
// most the newest five of them are kept; that survives a restart.
//
// Close waits for the writes under way; those that come later fail with
// [os.ErrClosed], and so does a second Close. The entry is closed even when
// Close returns an error.
func (e *Entry) Close(disposable bool) error {
	if err := e.close(disposable); err != nil {
		return fmt.Errorf("holmes: dump: close %s: %w", e.id, err)
	}
	return nil
}

func (e *Entry) close(disposable bool) error {
	if err := e.finish(); err != nil {
		return err
	}
	var errs []error
	if disposable {
		errs = append(errs, e.mark())
	}
	errs = append(errs, e.dir.Close(), e.store.settle(e))
	return errors.Join(errs...)
}

// Discard removes the event with all its files, and closes the entry. It waits
// for the writes under way. Where it fails, the event is left to retention.
func (e *Entry) Discard() error {
	if err := e.discard(); err != nil {
		return fmt.Errorf("holmes: dump: discard %s: %w", e.id, err)
	}
	return nil
}

func (e *Entry) discard() error {
	if err := e.finish(); err != nil {
		return err
	}
	return e.store.discard(e)
}

// finish lets no more writers in and waits for those that are.
func (e *Entry) finish() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return os.ErrClosed
	}
	e.writers.Wait()
	return nil
}

// mark makes the event disposable, for this process and those that come.
func (e *Entry) mark() error {
	f, err := e.dir.OpenFile(disposableName, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncDir(e.dir))
}

// begin lets one writer of the file name in; end lets it out.
func (e *Entry) begin(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return os.ErrClosed
	case e.writing[name]:
		return ErrExists
	}
	e.writing[name] = true
	e.writers.Add(1)
	return nil
}

func (e *Entry) end(name string) {
	e.mu.Lock()
	delete(e.writing, name)
	e.mu.Unlock()
	e.writers.Done()
}
