package dump

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A Store is a directory of events. It is safe for concurrent use, and holds no
// descriptors but one for each open entry and one as long as it owns events;
// see [Store.Close].
type Store struct {
	place place
	token string // of this owner

	// mu guards what follows. It is held together with the directory's lock
	// while events are made and removed, never while one is written or read.
	mu        sync.Mutex
	limits    Options
	owner     *os.File          // the lock of the token, nil while nothing is owned
	open      map[string]*Entry // being written
	held      map[string]int    // taken for delivery, how many times
	lost      map[string]error  // waiting events of ours that retention removed, and why
	owed      map[mark]string   // what the disk did not take, and why it was to be marked
	overdue   map[string]time.Time
	counted   *count // what is there at most; nil when another store had a turn
	undone    bool   // an event was closed and could not be sealed
	unclaimed int    // events of the dead that were removed while they waited
	last      Usage  // for when the disk does not tell
}

// Open opens the store at path, and makes the directory if it does not exist.
//
// It fails with [ErrRefused] on a directory that breaks the rules of the
// package comment, and with the system's error on one that cannot be made or
// written to. Neither is for ever: call it again when the next event wants
// space. A Store that was opened once heals by itself, as each [Store.Create]
// makes the directory again where it is missing.
//
// Open also removes what a killed process left half-written. What it left whole
// is for [Store.Adopt].
func Open(path string, o Options) (*Store, error) {
	s, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", path, err)
	}
	return s, nil
}

func open(path string, o Options) (*Store, error) {
	limits, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	where, err := locate(path)
	if err != nil {
		return nil, err
	}
	where.fault = o.Fault
	root, err := where.make()
	if err != nil {
		return nil, err
	}
	err = probe(root)
	root.close()
	if err != nil {
		return nil, err
	}
	s := &Store{
		place: where, token: newToken(), limits: limits,
		open: map[string]*Entry{}, held: map[string]int{}, lost: map[string]error{},
		owed: map[mark]string{}, overdue: map[string]time.Time{},
	}
	if err := s.locked(s.clean); err != nil && !errors.Is(err, ErrBusy) {
		return nil, err
	}
	return s, nil
}

// SetLimits changes the limits of the store, from the next event on.
func (s *Store) SetLimits(o Options) error {
	limits, err := o.withDefaults()
	if err != nil {
		return fmt.Errorf("holmes: dump: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
	return nil
}

// probe reports whether files can be made in root. To find out at the first
// event would be to find out when it matters.
func probe(root folder) error {
	f, err := root.open(probeName, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	// The probe of another process may have removed it.
	return errors.Join(f.close(), ignoreMissing(root.remove(probeName)))
}

// Dir returns the absolute path of the directory where the events lie. It is
// not the path given to [Open] where that is a shared directory like /tmp.
func (s *Store) Dir() string { return s.place.dir }

// Path returns the absolute path of an event's directory.
func (s *Store) Path(id string) string { return filepath.Join(s.place.dir, id) }

// List returns the ids of all events in the directory, open ones and those of
// other processes included, oldest first.
func (s *Store) List() ([]string, error) {
	root, err := s.place.open()
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: list: %w", err)
	}
	defer root.close()
	found, err := list(root)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: list %s: %w", s.place.dir, err)
	}
	return found.events, nil
}

// Usage is what a directory holds, all processes together.
type Usage struct {
	Events int
	// Bytes is what all files of all events take, and what is reserved for
	// those that are being written.
	Bytes int64
	// Waiting is how many events some reporter has not got yet, Damaged how
	// many are set aside because their files are not what was written.
	Waiting, Damaged int
	// Unclaimed counts the events that this store removed although some
	// reporter had not got them, whose owner was dead: nobody had adopted them.
	Unclaimed int
}

// Usage reads the directory, at about one system call a file, and waits for
// nobody. Where that fails, the answer is what the store last knew.
func (s *Store) Usage() Usage {
	now, err := s.usage()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.last = now
	}
	s.last.Unclaimed = s.unclaimed
	return s.last
}

func (s *Store) usage() (u Usage, err error) {
	root, err := s.place.open()
	if err != nil {
		return u, err
	}
	defer root.close()
	found, err := root.survey()
	u = Usage{Events: len(found.events), Bytes: found.bytes}
	for _, ev := range found.events {
		if ev.sealed && ev.waiting() {
			u.Waiting++
		}
		if ev.damaged {
			u.Damaged++
		}
	}
	return u, err
}
