package dump

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// The defaults of [Options].
const (
	DefaultMaxEvents = 100
	DefaultMaxBytes  = 256 << 20
)

// Options bound what a [Store] keeps. The zero value means the defaults.
type Options struct {
	// MaxEvents is how many events the directory holds, those of other
	// processes included. The default is [DefaultMaxEvents].
	MaxEvents int
	// MaxBytes is how many bytes all files of all events hold together,
	// unfinished ones included. The default is [DefaultMaxBytes].
	MaxBytes int64
}

func (o Options) withDefaults() (Options, error) {
	if o.MaxEvents < 0 {
		return o, fmt.Errorf("MaxEvents is %d, must not be negative", o.MaxEvents)
	}
	if o.MaxBytes < 0 {
		return o, fmt.Errorf("MaxBytes is %d, must not be negative", o.MaxBytes)
	}
	if o.MaxEvents == 0 {
		o.MaxEvents = DefaultMaxEvents
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	return o, nil
}

// A Store is a directory of events. It is safe for concurrent use, and needs no
// closing: only its open entries hold descriptors.
type Store struct {
	place  place
	limits Options

	// mu guards what follows and the bytes of every open entry. It is held
	// while events are made and removed, never while one is written.
	mu   sync.Mutex
	open map[string]*Entry
	// settled is the bytes of all events that are not open here, as of the
	// last scan.
	settled int64
}

// Open opens the store at path, and makes the directory if it does not exist.
//
// It fails with [ErrRefused] on a directory that breaks the rules of the
// package comment, and with the system's error on one that cannot be made or
// written to. Neither is for ever: call it again when the next event wants
// space. A Store that was opened once heals by itself, as each [Store.Create]
// makes the directory again where it is missing.
//
// Open also clears away what a killed process left half-written.
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
	root, err := where.make()
	if err != nil {
		return nil, err
	}
	defer closeQuietly(root)
	if err := probe(root); err != nil {
		return nil, err
	}
	s := &Store{place: where, limits: limits, open: make(map[string]*Entry)}
	found, err := list(root)
	if err != nil {
		return nil, err
	}
	for _, id := range found.locks {
		clean(root, id)
	}
	_, err = s.scan(root)
	return s, err
}

// probe reports whether files can be made in root. To find out at the first
// event would be to find out when it matters.
func probe(root *os.Root) error {
	f, err := root.OpenFile(probeName, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The probe of another process may have removed it.
	return errors.Join(f.Close(), ignoreMissing(root.Remove(probeName)))
}

// Dir returns the absolute path of the directory where the events lie. It is
// not the path given to [Open] where that is a shared directory like /tmp.
func (s *Store) Dir() string { return s.place.dir }

// path returns the path of event id.
func (s *Store) path(id string) string { return filepath.Join(s.place.dir, id) }

// List returns the ids of all events in the directory, open ones and those of
// other processes included, oldest first.
func (s *Store) List() ([]string, error) {
	found, err := s.list()
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: list %s: %w", s.place.dir, err)
	}
	return found.events, nil
}

func (s *Store) list() (listing, error) {
	root, err := s.place.open()
	if err != nil {
		return listing{}, err
	}
	defer closeQuietly(root)
	return list(root)
}

// Usage returns how many events there are and the bytes of their files. It
// reads the directory, at about one system call a file. Where that fails, the
// answer is what the store last knew.
func (s *Store) Usage() (events int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if root, err := s.place.open(); err == nil {
		defer closeQuietly(root)
		if found, err := s.scan(root); err == nil {
			events = len(found)
		}
	}
	return events + len(s.open), s.used()
}
