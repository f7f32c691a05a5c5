package eventstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/dump"
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

// A Current is the current store, that of the dump path, or the reason why there is
// none. Each event opens it again, so that a disk is used when it is back. The stores
// of earlier paths are kept for the events that still wait in them.
type Current struct {
	Fault func(op, name string) error // for tests: the error of an operation

	clock   supervise.Clock
	log     *supervise.Log
	beside  atomic.Int64
	spare   atomic.Pointer[func() uint64]
	failing sync.Map // what could not be done → the kind of fault

	mu     sync.Mutex
	path   string
	store  *dump.Store
	stores map[string]*dump.Store
	err    error
}

// New returns a Current without a store. [Current.Open] opens one.
func New(c supervise.Clock, l *supervise.Log) *Current {
	return &Current{clock: c, log: l, stores: map[string]*dump.Store{}}
}

// Open returns the store. It opens it if it is not open or the path has changed.
func (s *Current) Open(c Config) (*dump.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.MemoryOnly {
		s.path, s.store, s.err = "", nil, nil
		return nil, ErrMemoryOnly
	}
	opts := dump.Options{
		MaxEvents: c.Events, MaxBytes: c.Bytes - s.beside.Load(), MaxAge: c.Age, KeepFree: c.Free, Memory: s.MemoryBudget,
		Private: c.Private,
		Now:     s.clock.Wall, Fault: s.Fault,
	}
	if s.path != c.Path {
		s.path, s.store = c.Path, s.stores[c.Path]
	}
	if s.store == nil {
		if s.store, s.err = dump.Open(s.path, opts); s.err != nil {
			return nil, s.err
		}
		s.stores[s.path] = s.store
		s.tellVolatile(s.store)
	}
	return s.store, s.store.SetLimits(opts)
}

// Beside sets how many bytes of the dump path's limit are in use beside the events.
func (s *Current) Beside(bytes int64) { s.beside.Store(bytes) }

// Create makes the directory of an event for the named reporters. With an error the
// Files are those of an event in memory.
func (s *Current) Create(c Config, id string, to []string) (Files, error) {
	files := Files{most: int(min(maxInMemory, s.MemoryBudget()))}
	store, err := s.Open(c)
	if err != nil {
		return files, err
	}
	files.Store, files.stale = store, true
	files.entry, err = store.Create(id, to...)
	s.mu.Lock()
	if s.err = err; expected(store, err) {
		s.err = nil
	}
	s.mu.Unlock()
	return files, err
}

// Dir opens a directory in the dump path, and creates it if necessary. The store does
// not touch it, because it is no event.
func (s *Current) Dir(c Config, name string) (*os.Root, error) {
	store, err := s.Open(c)
	if err != nil {
		return nil, err
	}
	return store.OpenDir(name)
}

// All returns the current store and those of earlier paths.
func (s *Current) All() []*dump.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*dump.Store, 0, len(s.stores))
	for _, store := range s.stores {
		out = append(out, store)
	}
	return out
}

// Release gives up the events that the stores own, for other processes to adopt.
func (s *Current) Release() error {
	var errs []error
	for _, store := range s.All() {
		errs = append(errs, store.Close())
	}
	return errors.Join(errs...)
}

// Usage returns the directory of the events, what it holds, and why the dump path
// cannot be used, if it cannot.
func (s *Current) Usage() (dir string, u dump.Usage, err error) {
	s.mu.Lock()
	store, err, dir := s.store, s.err, s.path
	s.mu.Unlock()
	if store != nil {
		dir, u = store.Dir(), store.Usage()
	}
	return dir, u, err
}

// Report logs a fault of the disk when it begins, once for each kind of fault and not
// for each thing that cannot be done, and its end when one of these was done, which a
// nil error says. The line has the attributes.
func (s *Current) Report(doing string, err error, attrs ...any) {
	s.mu.Lock()
	store := s.store
	s.mu.Unlock()
	switch {
	case err == nil:
		if kind, failed := s.failing.LoadAndDelete(doing); failed {
			s.log.With(attrs...).End(fmt.Sprint(kind), "the dump path can be used again, after \"%s\": %v", doing, kind)
		}
	case expected(store, err):
	case errors.Is(err, dump.ErrDamaged): // of one event
		s.log.With(attrs...).OnCause(cause(err), "%s: %v", doing, err)
	default:
		s.failing.Store(doing, cause(err))
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
