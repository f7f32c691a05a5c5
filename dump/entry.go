package dump

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// A Class says what an event is worth to retention once it is closed.
type Class struct {
	// Disposable events are removed before all others, and at most the newest
	// five of them are kept. They are not delivered.
	Disposable bool
	// Routine events were recorded by a timetable. They are delivered, and are
	// removed before all events that are not routine, even before they are
	// delivered: there will be more of them.
	Routine bool
	// Of the events with the same Latest the newest one is kept, in place of those
	// before. It is not delivered, and is removed after all others that wait for no
	// reporter: it is what a program keeps for its next start. "" is none.
	Latest string
	// Of a Series, such as all events about memory, the events that are higher
	// than the next one are removed late: the peak of a rise outlives the steps
	// that led to it. "" is no series.
	Series string
	Height float64
	// The first event of a Kind is removed late too. "" is no kind.
	Kind string
}

// delivered reports whether events of the class are.
func (c Class) delivered() bool { return !c.Disposable && c.Latest == "" }

// An Entry is an event that this process has open. Its methods are safe for
// concurrent use.
type Entry struct {
	store *Store
	id    string
	path  string
	dir   disk.Dir

	mu      sync.Mutex
	sums    []byte          // the checksum lines of all files
	lines   int             // how many
	room    int64           // what is reserved for them and the last line
	writing map[string]bool // the files that are being written
	closed  bool
	writers sync.WaitGroup
}

// newEntry opens an event. The directory is locked.
func (s *Store) newEntry(id string, dir disk.Dir, room int64) *Entry {
	e := &Entry{store: s, id: id, path: s.Path(id), dir: dir, room: room, writing: map[string]bool{}}
	s.open[id] = e
	return e
}

// ID returns the event's id.
func (e *Entry) ID() string { return e.id }

// Path returns the absolute path of the event's directory.
func (e *Entry) Path() string { return e.path }

// Address sets which reporters the event is for, instead of those it was for.
// An event that is closed waits for each of them: see [Store.Take].
func (e *Entry) Address(to ...string) error {
	if err := address(e.dir, to); err != nil {
		return fmt.Errorf("holmes: dump: address %s: %w", e.id, err)
	}
	return nil
}

// Close ends the writing of the event, and adds what is needed to find damage
// later. From now on retention may remove the event, and reporters may take it.
// Then it syncs the event, see the package comment; an error of that leaves the
// event closed.
//
// Close waits for the writes under way; those that come later fail with
// [os.ErrClosed], and so does a second Close. The entry is closed even when
// Close returns an error; if the event is not, [Store.Adopt] has it again as one
// that is unfinished.
func (e *Entry) Close(c Class) error {
	if err := e.close(c); err != nil {
		return fmt.Errorf("holmes: dump: close %s: %w", e.id, err)
	}
	return nil
}

func (e *Entry) close(c Class) error {
	if err := e.finish(); err != nil {
		return err
	}
	defer e.dir.Close()
	err := e.complete(c)
	return errors.Join(err, e.store.settle(e, c, err == nil))
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
	defer e.dir.Close()
	return e.store.discard(e)
}

// finish refuses new writers and waits for those under way.
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

// begin admits one writer of the file name; end dismisses it.
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
