package holmes

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// A parcel is one event on its way to reporters. As a rule all of it is in the
// store, and the parcel is no more than its id; what the disk refused is held
// in memory.
type parcel struct {
	id    string
	since time.Duration // when it was confirmed, or adopted

	mu    sync.Mutex
	store *dump.Store     // nil when nothing of it is on disk
	ev    *Event          // nil when all of it is on disk
	to    map[string]bool // reporters that have not got what is in memory

	open   atomic.Int32 // queues that it is in
	left   func()       // called when it has left the last queue
	weight int          // bytes of memory, of a hoard
}

func (p *parcel) leave() {
	if p.open.Add(-1) == 0 && p.left != nil {
		p.left()
	}
}

// held reports whether a part of it is in memory.
func (p *parcel) held() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ev != nil
}

// lost reports whether there is nothing left to deliver.
func (p *parcel) lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ev == nil && p.store == nil
}

// stored returns the store if all of it is there.
func (p *parcel) stored() waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ev != nil || p.store == nil {
		return nil
	}
	return p.store
}

// forget gives its memory back.
func (p *parcel) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ev = nil
}

// Why an event was not delivered to a reporter; keys of [ReporterStats].
const (
	dropOverflow  = "queue full" // in memory, and there were too many
	dropPermanent = "refused"
	dropExpired   = "gave up"    // too old
	dropEvicted   = "no space"   // the disk budget was wanted by others
	dropGone      = "gone"       // somebody removed it from the disk
	dropTaken     = "taken over" // by another process
	dropDamaged   = "damaged"
)

// A lostError is why an event is not there to be delivered, and never will be.
type lostError struct {
	reason string
	err    error
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

var errNoMemory = errors.New("its memory was wanted for a later event")

// load returns the event for one reporter, with a copy of its own. release lets
// retention have the event again.
func (p *parcel) load(to string) (ev *Event, release func(), err error) {
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
		ev.MissFiles()
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

// dropped tells an event that is lost from a disk that does not answer.
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

// loadStored reads an event back that is as it was written.
func loadStored(store *dump.Store, id string) (*Event, error) {
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
	ev.Settle()
	return ev, nil
}

// delivered notes that a reporter has the event.
func (p *parcel) delivered(to string) error {
	return p.done(to, func(s *dump.Store) error { return s.Delivered(p.id, to) })
}

// refused notes that a reporter will never take it.
func (p *parcel) refused(to string, why error) error {
	return p.done(to, func(s *dump.Store) error { return s.Refused(p.id, to, why.Error()) })
}

func (p *parcel) done(to string, mark func(*dump.Store) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.to, to)
	if p.store == nil {
		return nil
	}
	return mark(p.store)
}
