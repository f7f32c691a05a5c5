package delivery

import (
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
)

// An item is an event that waits for reporters. Usually all of the event is in the
// store, and the item has its ID only; what the disk refused is held in memory.
type item struct {
	id    string
	since time.Duration // mono of the confirmation, or of the recovery

	mu    sync.Mutex
	store *dump.Store     // nil when nothing of the event is on disk
	ev    *event.Event    // nil when all of the event is on disk
	to    map[string]bool // reporters that have not received what is in memory

	open   atomic.Int32 // number of queues that it is in
	left   func()       // called when it has left the last queue
	weight int          // bytes in the memory buffer
}

func (p *item) leave() {
	if p.open.Add(-1) == 0 && p.left != nil {
		p.left()
	}
}

// held reports whether a part of the event is in memory.
func (p *item) held() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ev != nil
}

// lost reports whether there is nothing left to deliver.
func (p *item) lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ev == nil && p.store == nil
}

// stored returns the store if all of the event is there, else nil.
func (p *item) stored() *dump.Store {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ev != nil {
		return nil
	}
	return p.store
}

// forget gives its memory back.
func (p *item) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ev = nil
}

// Why an event was not delivered to a reporter; these are the keys of Stats.Dropped.
const (
	dropOverflow  = "queue full" // the memory buffer was full
	dropPermanent = "refused"
	dropExpired   = "gave up"    // too old
	dropEvicted   = "no space"   // the disk budget was needed for other events
	dropGone      = "gone"       // removed from the disk by other means
	dropTaken     = "taken over" // by another process
	dropDamaged   = "damaged"
)

// A lostError is why an event can never be delivered.
type lostError struct {
	reason string
	err    error
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

var errNoMemory = errors.New("its memory was needed for a later event")

// load returns a copy of the event for one reporter. Retention does not remove the
// event until release is called.
func (p *item) load(to string) (ev *event.Event, release func(), err error) {
	p.mu.Lock()
	held, store := p.ev, p.store
	p.mu.Unlock()
	if held == nil && store == nil {
		return nil, nil, &lostError{dropOverflow, errNoMemory}
	}
	if held != nil {
		release = func() {}
		if store != nil {
			if r, err := store.Take(p.id, to); err == nil {
				release = r
			}
		}
		ev = held.Clone()
		ev.MarkMissing()
		return ev, release, nil
	}
	release, err = store.Take(p.id, to)
	if err != nil {
		return nil, nil, dropped(err)
	}
	ev, err = loadStored(store, p.id)
	if err != nil {
		release()
		return nil, nil, dropped(err)
	}
	return ev, release, nil
}

// dropped returns a lostError if the event is lost, and err itself if the disk
// does not answer.
func dropped(err error) error {
	for is, reason := range map[error]string{
		dump.ErrEvicted: dropEvicted, dump.ErrExpired: dropExpired, dump.ErrGone: dropGone,
		dump.ErrTaken: dropTaken, dump.ErrDamaged: dropDamaged,
	} {
		if errors.Is(err, is) {
			return &lostError{reason, err}
		}
	}
	return err
}

// loadStored reads an event whose files are as they were written.
func loadStored(store *dump.Store, id string) (*event.Event, error) {
	if err := store.Check(id); err != nil {
		return nil, err
	}
	ev, err := event.Load(store.Path(id))
	if errors.Is(err, os.ErrNotExist) {
		return event.Recover(store.Path(id))
	}
	if err != nil {
		return nil, err
	}
	ev.Finalize()
	return ev, nil
}

// delivered records that a reporter has the event.
func (p *item) delivered(to string) error {
	return p.done(to, func(s *dump.Store) error { return s.Delivered(p.id, to) })
}

// refused records that a reporter will never accept the event.
func (p *item) refused(to string, why error) error {
	return p.done(to, func(s *dump.Store) error { return s.Refused(p.id, to, why.Error()) })
}

func (p *item) done(to string, mark func(*dump.Store) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.to, to)
	if p.store == nil {
		return nil
	}
	return mark(p.store)
}

// spill writes to disk what is in memory only. create makes the directory of an
// event that has none.
func (p *item) spill(create func(id string, to []string) (eventstore.Files, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ev == nil || len(p.to) == 0 {
		return nil
	}
	to := slices.Collect(maps.Keys(p.to))
	files, err := p.reopen(create, to)
	if errors.Is(err, dump.ErrOpen) {
		return nil // it is being delivered
	}
	if err != nil {
		return err
	}
	ev := p.ev.Clone()
	whole, err := files.Finish(ev, to)
	p.store = files.Store
	if whole {
		p.ev = nil
	}
	return err
}

// reopen opens the event's directory, or creates it again if it is gone.
func (p *item) reopen(create func(string, []string) (eventstore.Files, error), to []string) (eventstore.Files, error) {
	if p.store != nil {
		files, err := eventstore.Reopen(p.store, p.id)
		lost, gone := errors.AsType[*lostError](dropped(err))
		if !gone || lost.reason == dropDamaged {
			return files, err
		}
		p.store = nil
	}
	return create(p.id, to)
}
