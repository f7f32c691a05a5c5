package holmes

import (
	"errors"
	"sync"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A vault is the dump path as it is now: a store, or the reason why there is
// none. It is asked for at each event, so that a disk which comes back is used.
// The stores of earlier paths are kept for what still waits in them.
type vault struct {
	fault func(op, name string) error // of the disk, for tests

	mu     sync.Mutex
	path   string
	store  *dump.Store
	stores map[string]*dump.Store
	err    error
}

// open returns the store, opening it when it is not open or the path is another
// one.
func (v *vault) open(c *config, k supervise.Clock) (*dump.Store, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	opts := dump.Options{
		MaxEvents: c.dumpEvents, MaxBytes: c.dumpBytes, MaxAge: c.dumpAge, KeepFree: c.dumpFree,
		Now: k.Wall, Fault: v.fault,
	}
	if v.path != c.dumpPath {
		v.path, v.store = c.dumpPath, v.stores[c.dumpPath]
	}
	if v.store == nil {
		if v.store, v.err = dump.Open(v.path, opts); v.err != nil {
			return nil, v.err
		}
		if v.stores == nil {
			v.stores = map[string]*dump.Store{}
		}
		v.stores[v.path] = v.store
	}
	return v.store, v.store.SetLimits(opts)
}

// create makes an event's directory, and remembers why it could not.
func (v *vault) create(c *config, k supervise.Clock, id string, to []string) (evidence, error) {
	store, err := v.open(c, k)
	if err != nil {
		return evidence{}, err
	}
	entry, err := store.Create(id, to...)
	v.mu.Lock()
	v.err = err
	v.mu.Unlock()
	return evidence{store: store, entry: entry}, err
}

// all returns every store, the present one and those of earlier paths.
func (v *vault) all() []*dump.Store {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]*dump.Store, 0, len(v.stores))
	for _, s := range v.stores {
		out = append(out, s)
	}
	return out
}

// release gives up what the stores own: who runs on, or starts next, adopts it.
func (v *vault) release() error {
	var errs []error
	for _, s := range v.all() {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// stats is for Stats: where, how much, and what is wrong.
func (v *vault) stats() DumpStats {
	v.mu.Lock()
	store, err, path := v.store, v.err, v.path
	v.mu.Unlock()
	s := DumpStats{Dir: path, Err: err}
	if store != nil {
		s.Dir = store.Dir()
		now := store.Usage()
		s.Events, s.Bytes, s.Waiting, s.Damaged, s.Unclaimed = now.Events, now.Bytes, now.Waiting, now.Damaged, now.Unclaimed
	}
	return s
}
