package dump

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/location"
	"github.com/go-holmes/holmes/dump/internal/lock"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// A Store is a directory of events. It is safe for concurrent use, and holds no
// descriptors but one for each open entry and one as long as it owns events;
// see [Store.Close].
type Store struct {
	location location.Location
	volatile bool // it is in memory

	// mu guards what follows. It is held together with the directory lock while
	// events are made and removed, never while one is written or read.
	mu         mutex
	limits     Options
	owner      lock.Owner
	open       map[string]*Entry    // being written
	leases     map[string]int       // taken for delivery, how many times
	lost       map[string]error     // why retention removed waiting events of this store
	unsaved    map[ack]string       // acks that the disk did not take, with the reason of a refusal
	reporters  map[string]reporter  // by slug
	overdue    map[string]time.Time // since when an event or a reporter looks too old
	held       *lock.Directory      // while the directory is locked
	counted    *lock.Count          // what it says then, nil if the directory is to be scanned
	taken      int64                // most that the events took since the latest Tidy, when a demand made room
	tidied     int64                // the budget at the latest Tidy
	unfinished bool                 // an event of this store is not open and could not be sealed
	unclaimed  int                  // events of dead owners that were removed while they waited
	last       Usage                // the answer while the disk gives none
}

// A mutex is a sync.Mutex for locks that are held while a disk works. A test on synthetic
// time goes on while a goroutine waits for it.
type mutex chan struct{}

func (m mutex) Lock()   { m <- struct{}{} }
func (m mutex) Unlock() { <-m }

// Open opens the store at path, and makes the directory if it does not exist.
//
// It fails with [ErrRefused] on a directory that breaks the rules of the
// package comment, and with the system's error on one that cannot be made or
// written to. Neither is for ever: call it again when the next event wants
// space. A Store that was opened once heals by itself, as each [Store.Create]
// makes the directory again where it is missing.
//
// Open also removes what a killed process left incomplete. [Store.Adopt] takes
// over the rest.
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
	where, err := location.Find(path, o.Private, o.Fault)
	if err != nil {
		return nil, err
	}
	root, err := where.Make()
	if err != nil {
		return nil, err
	}
	err = probe(root)
	root.Close()
	if err != nil {
		return nil, err
	}
	s := &Store{
		mu: make(mutex, 1), location: where, volatile: disk.Volatile(where.Dir), owner: lock.NewOwner(), limits: limits,
		open: map[string]*Entry{}, leases: map[string]int{}, lost: map[string]error{},
		unsaved: map[ack]string{}, reporters: map[string]reporter{}, overdue: map[string]time.Time{},
	}
	err = s.locked(func(root disk.Dir) error {
		s.takeIn()
		return s.clean(root)
	})
	if err != nil && !errors.Is(err, ErrBusy) {
		return nil, err
	}
	return s, nil
}

// OpenDir opens the directory at path by the rules of the package comment, and
// makes it if it does not exist, for callers that keep events in another way. It
// fails with [ErrRefused] where Open would. The name of the root is the absolute
// path; the caller closes it.
func OpenDir(path string) (*os.Root, error) {
	where, err := location.Find(path, false, nil)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", path, err)
	}
	dir, err := where.Make()
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", path, err)
	}
	return dir.Root, nil
}

// SetLimits changes the limits of the store, from the next event on.
func (s *Store) SetLimits(o Options) error {
	limits, err := o.withDefaults()
	if err != nil {
		return fmt.Errorf("holmes: dump: %w", err)
	}
	s.mu.Lock()
	s.limits = limits
	s.mu.Unlock()
	return nil
}

// probe reports whether files can be made in root. At the first event it would be
// too late to find out.
func probe(root disk.Dir) error {
	f, err := root.Open(layout.ProbeName, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	// The probe of another process may have removed it.
	return errors.Join(f.Close(), filelock.IgnoreMissing(root.Remove(layout.ProbeName)))
}

// Dir returns the absolute path of the directory where the events lie. It is not the
// path given to [Open] where others can write to that, or where that is a link.
func (s *Store) Dir() string { return s.location.Dir }

// Volatile reports whether the directory is in memory, on tmpfs or ramfs: then its
// files count as memory of the process that writes them, and [Options].Memory bounds
// them. It is known on Linux.
func (s *Store) Volatile() bool { return s.volatile }

// Path returns the absolute path of an event's directory.
func (s *Store) Path(id string) string { return filepath.Join(s.location.Dir, id) }

// List returns the ids of all events in the directory, open ones and those of
// other processes included, oldest first.
func (s *Store) List() ([]string, error) {
	root, err := s.location.Open()
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: list: %w", err)
	}
	defer root.Close()
	names, err := scan.List(root)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: list %s: %w", s.location.Dir, err)
	}
	return names.Events, nil
}

// Usage is what a directory holds, all processes together.
type Usage struct {
	Events int
	// Bytes is what all files of all events take, and what is reserved for
	// those that are being written.
	Bytes int64
	// Waiting is how many events still wait for a reporter, Damaged how many are
	// set aside because their files are not what was written.
	Waiting, Damaged int
	// Unclaimed counts the events that this store removed while they waited for a
	// reporter, whose owner was dead and that no process had adopted.
	Unclaimed int
}

// Usage reads the directory, at about one system call a file, without its lock.
// Where that fails, the answer is what the store last knew.
func (s *Store) Usage() Usage {
	now, err := s.usage()
	s.mu.Lock()
	if err == nil {
		s.last = now
	}
	s.last.Unclaimed = s.unclaimed
	last := s.last
	s.mu.Unlock()
	return last
}

func (s *Store) usage() (u Usage, err error) {
	root, err := s.location.Open()
	if err != nil {
		return u, err
	}
	defer root.Close()
	found, err := scan.All(root)
	u = Usage{Events: len(found.Events), Bytes: found.Bytes}
	for _, ev := range found.Events {
		if ev.Sealed && ev.Waiting() {
			u.Waiting++
		}
		if ev.Damaged {
			u.Damaged++
		}
	}
	return u, err
}
