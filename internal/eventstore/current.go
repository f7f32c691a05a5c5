package eventstore

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Config is the options about the dump path.
type Config struct {
	Path   string
	Events int
	Bytes  int64
	Age    time.Duration
	Free   int64 // 0 is the store's default, below 0 is none

	Private    bool // the dump path is a directory for other files
	MemoryOnly bool // there is no dump path
}

// A Current is the store of the dump path. Each event opens it again if it could not be
// opened, so that a disk is used when it is back. The stores of earlier paths are kept
// for the events that still wait in them.
type Current struct {
	Fault func(op, name string) error // for tests: the error of an operation
	// Answered is rung when a disk answers again, and Changed when a store has changed.
	Answered, Changed supervise.Bell

	clock supervise.Clock
	log   *supervise.Log
	bugs  *supervise.Bugs
	spare atomic.Pointer[func() uint64]

	mu      sync.Mutex
	store   *Store // nil before the first use
	stores  map[string]*Store
	failing map[string]string // what could not be done → the kind of fault
}

// New returns a Current without a store.
func New(c supervise.Clock, l *supervise.Log, b *supervise.Bugs) *Current {
	return &Current{Answered: supervise.NewBell(), Changed: supervise.NewBell(), clock: c, log: l, bugs: b, stores: map[string]*Store{}, failing: map[string]string{}}
}

// BlackBoxDir is the directory of the black boxes in a dump path, whose files count as
// those of events do.
const BlackBoxDir = "blackbox"

// At returns the store of the dump path, which is opened by its first operation.
func (s *Current) At(c Config) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := c.Path
	if c.MemoryOnly {
		path = "" // whose store refuses all events, while those of other paths go on
	}
	if s.stores[path] == nil {
		s.stores[path] = s.newStore(path)
	}
	s.store = s.stores[path]
	s.store.configure(c)
	return s.store
}

func (s *Current) newStore(path string) *Store {
	begins := func() {
		s.log.Warnf("the disk of %s does not answer, events are kept in memory until it does", path)
	}
	ends := func(after time.Duration) {
		s.log.Infof("the disk of %s answers again, after %s", path, humanize.Duration(after))
		s.Answered.Ring()
	}
	opened := make(chan *dump.Store, 1)
	opened <- nil
	return &Store{
		gate: newGate(s.clock, s.bugs, begins, ends), path: path, opened: opened,
		options: s.options, tellVolatile: s.tellVolatile, changed: s.Changed,
	}
}

func (s *Current) options(c Config) dump.Options {
	return dump.Options{
		MaxEvents: c.Events, MaxBytes: c.Bytes, MaxAge: c.Age, KeepFree: c.Free, Memory: s.MemoryBudget,
		Private: c.Private, Beside: []string{BlackBoxDir},
		Now: s.clock.Wall, Fault: s.Fault,
	}
}

// Open opens the store if it is not open. It waits for the disk, but not long once ctx
// is done.
func (s *Current) Open(ctx context.Context, c Config) (*Store, error) {
	store := s.At(c)
	err := store.do(ctx, func(*dump.Store) error { return nil }, nil)
	return store, err
}

// Create makes the directory of an event for the named reporters. With an error the
// Files are those of an event in memory. Once ctx is done, the event does not wait long
// for the disk.
func (s *Current) Create(ctx context.Context, c Config, id string, to []string) (Files, error) {
	files := Files{ctx: ctx, most: int(min(maxInMemory, s.MemoryBudget()))}
	store := s.At(c)
	entry, err := store.create(ctx, id, to)
	if err != nil {
		return files, err
	}
	files.Store, files.entry, files.stale = store, entry, true
	return files, nil
}

// InDir runs an operation in a directory of the dump path, which it creates if necessary.
// The store does not touch it, because it is no event. InDir waits for the disk as long as
// it takes, until shortly after stop is closed. Then it returns [ErrNoAnswer], and the operation may
// still run.
func (s *Current) InDir(stop <-chan struct{}, c Config, name string, op func(*os.Root) error) error {
	store := s.At(c)
	done := make(chan error, 1)
	store.beginOrOwe(context.Background(), func() { done <- store.with(inDir(name, op)) })
	select {
	case err := <-done:
		return err
	case <-stop:
	}
	timer := time.NewTimer(Brief)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ErrNoAnswer
	}
}

// TryDir runs an operation as InDir does, and waits for the disk no longer than for an
// event.
func (s *Current) TryDir(c Config, name string, op func(*os.Root) error) error {
	return s.At(c).Do(inDir(name, op))
}

func inDir(name string, op func(*os.Root) error) func(*dump.Store) error {
	return func(d *dump.Store) error {
		dir, err := d.OpenDir(name)
		if err != nil {
			return err
		}
		defer dir.Close()
		return op(dir)
	}
}

// All returns the current store and those of earlier paths, if they have been opened.
func (s *Current) All() []*Store {
	s.mu.Lock()
	out := make([]*Store, 0, len(s.stores))
	for _, store := range s.stores {
		if store.Dir() != "" {
			out = append(out, store)
		}
	}
	s.mu.Unlock()
	return out
}

// Look reads what the stores hold, for [Current.Usage].
func (s *Current) Look() {
	for _, store := range s.All() {
		store.Look()
	}
}

// Release gives up the events that the stores own, for other processes to adopt.
func (s *Current) Release() error {
	var errs []error
	for _, store := range s.All() {
		errs = append(errs, store.do(context.Background(), func(d *dump.Store) error {
			defer store.look(d)
			return d.Close()
		}, nil))
	}
	return errors.Join(errs...)
}

// Usage returns the directory of the events, what it held when that was read last, how
// many operations of all stores hang, and why the dump path cannot be used, if it cannot.
// It does not touch the disk.
func (s *Current) Usage() (dir string, u dump.Usage, hung int, err error) {
	s.mu.Lock()
	for _, store := range s.stores {
		hung += store.unanswered()
	}
	if s.store != nil {
		dir, u, err = s.store.statistics()
	}
	s.mu.Unlock()
	return dir, u, hung, err
}

// Answers reports whether all disks answer, as far as that is known.
func (s *Current) Answers() bool {
	_, _, hung, _ := s.Usage()
	return hung == 0
}

// Report logs a fault of the disk when it begins, once for each kind of fault and not
// for each thing that cannot be done, and its end when one of these was done, which a
// nil error says. The line has the attributes. A disk that does not answer has been
// logged when that began.
func (s *Current) Report(doing string, err error, attrs ...any) {
	s.mu.Lock()
	store := s.store
	kind, failed := s.failing[doing]
	if err == nil {
		delete(s.failing, doing)
	}
	s.mu.Unlock()
	switch {
	case err == nil:
		if failed {
			s.log.With(attrs...).End(kind, "the dump path can be used again, after \"%s\": %v", doing, kind)
		}
	case errors.Is(err, ErrNoAnswer), store.expects(err):
	case errors.Is(err, dump.ErrDamaged): // of one event
		s.log.With(attrs...).OnCause(cause(err), "%s: %v", doing, err)
	default:
		s.mu.Lock()
		s.failing[doing] = cause(err)
		s.mu.Unlock()
		s.log.With(attrs...).Begin(cause(err), "%s: %v", doing, err)
	}
}

func cause(err error) string {
	for _, known := range []error{dump.ErrBudget, dump.ErrRefused, dump.ErrBusy, dump.ErrDamaged, io.ErrShortWrite} {
		if errors.Is(err, known) {
			return "disk: " + known.Error()
		}
	}
	if code, ok := errors.AsType[syscall.Errno](err); ok {
		return "disk: " + code.Error()
	}
	return "disk"
}
