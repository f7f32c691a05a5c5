package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
)

// The names in a store's directory.
const (
	blobsDir    = "blobs"
	incomingDir = "incoming"
	damagedDir  = "damaged"
	indexFile   = "index.db"
	lockFile    = "lock"
)

// A Store is a [collector.Store] in a directory. It starts no goroutine.
type Store struct {
	dir  string
	opts Options
	lock *os.File
	db   *bbolt.DB

	broken  atomic.Bool // the index cannot be written
	buffers sync.Pool   // of *[]byte, for drafts

	mu      sync.RWMutex
	closed  bool
	next    uint64                   // the next upload's number
	filling map[uint64]*openSegment  // being filled, in memory
	sealed  []sealed                 // full, in the index, by number
	keys    map[string]blobID        // of the uploads in open segments
	claims  map[string]chan struct{} // keys of uploads that are being committed
	// committing are the numbers of uploads that have a slot and are not visible yet.
	committing map[uint64]struct{}
	ofClass    [classes]amount             // of all blobs, by class
	total      amount                      // of all blobs
	usage      map[string]*[classes]amount // the same by service and class
	staged     int64                       // bytes of the drafts
	damage     damage
	// versions counts the segments that were written or loaded.
	versions uint64
	commits  sync.WaitGroup // that have a slot; added to while not closed

	sweeping sync.Mutex // held while uploads are removed, for what follows; locked before mu
	queues   map[queueKey]*queue
	kept     map[blobID]kept
	removed  removedCount

	scrubber scrubber
	cached   valueCache
}

var _ interface {
	collector.Store
	collector.Sweeper
	collector.Sizer
	collector.Keeper
	collector.Deleter
} = (*Store)(nil)

// Open opens a store, and creates the directory if it does not exist. It removes
// the unfinished uploads of an earlier process, and reads the files that are not in
// the index; ctx can end that. A directory belongs to one process at a time.
func Open(ctx context.Context, dir string, opts Options) (_ *Store, err error) {
	s := &Store{
		dir: dir, opts: opts.withDefaults(), usage: map[string]*[classes]amount{},
		queues: map[queueKey]*queue{}, kept: map[blobID]kept{},
		filling: map[uint64]*openSegment{}, keys: map[string]blobID{}, claims: map[string]chan struct{}{},
		committing: map[uint64]struct{}{},
	}
	for _, sub := range []string{"", blobsDir, incomingDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("holmes: open store: %w", err)
		}
	}
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := s.syncDir(path); err != nil && path == dir {
			return nil, fmt.Errorf("holmes: open store: %w", diskError(err))
		}
	}
	if s.lock, err = acquire(filepath.Join(dir, lockFile)); err != nil {
		return nil, fmt.Errorf("holmes: open store %s: %w", dir, err)
	}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("holmes: open store %s: %w", dir, err), s.unlock())
	}
	if err := s.loadKept(); err != nil {
		return nil, errors.Join(fmt.Errorf("holmes: open store %s: %w", dir, err), s.unlock())
	}
	return s, nil
}

// Close waits for commits under way, and then writes the open segments to the
// index, so that the next Open need not read their files. Later calls fail; open
// files stay readable. Without Close nothing is lost but time.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.commits.Wait()
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	s.sealAll()
	s.logRemoved()
	return s.unlock()
}

// unlock closes the index and the lock.
func (s *Store) unlock() error {
	return errors.Join(s.closeIndex(), s.lock.Close())
}

// Usage returns the amount of data in the store.
func (s *Store) Usage() collector.Usage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return collector.Usage{Uploads: s.total.uploads, Bytes: s.total.bytes + s.staged, Damaged: s.damage.found}
}

func (s *Store) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// errClosed is the error of every call after Close.
func errClosed() error { return collector.Errorf(collector.Busy, "the store is closed") }

func (s *Store) syncDir(path string) error {
	if s.opts.relaxed {
		return nil
	}
	return syncDir(path)
}

func (s *Store) syncFile(f *os.File) error {
	if s.opts.relaxed {
		return nil
	}
	return f.Sync()
}

func (s *Store) blobPath(id blobID) string {
	return filepath.Join(s.dir, blobsDir, dirName(id.dir()), id.String())
}
