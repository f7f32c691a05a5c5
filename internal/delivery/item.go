package delivery

import (
	"cmp"
	"errors"
	"maps"
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

	mu    sync.Mutex       // not held while the disk works
	files eventstore.Files // without a store when nothing of the event is on disk
	ev    *event.Event     // nil when all of the event is on disk
	to    map[string]bool  // reporters that have not received what is in memory

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
	held := p.ev != nil
	p.mu.Unlock()
	return held
}

// lost reports whether there is nothing left to deliver.
func (p *item) lost() bool {
	p.mu.Lock()
	lost := p.ev == nil && p.files.Store == nil
	p.mu.Unlock()
	return lost
}

// stored returns the store if all of the event is there, else nil.
func (p *item) stored() *eventstore.Store {
	p.mu.Lock()
	store := p.files.Store
	if p.ev != nil {
		store = nil
	}
	p.mu.Unlock()
	return store
}

// reachable reports whether the event can be loaded now: its disk answers, or all of it
// is in memory.
func (p *item) reachable() bool {
	p.mu.Lock()
	reachable := p.files.Store == nil || p.files.Store.Answers() || p.ev != nil && inMemory(p.ev)
	p.mu.Unlock()
	return reachable
}

// inMemory reports whether no profile of an event is on disk.
func inMemory(ev *event.Event) bool {
	return !slices.ContainsFunc(ev.Profiles, func(p event.Profile) bool { return p.Path != "" })
}

// size returns how many bytes of profiles are in memory.
func (p *item) size() (bytes int) {
	p.mu.Lock()
	if p.ev != nil { // else a slow disk has it since
		for i := range p.ev.Profiles {
			bytes += len(p.ev.Profiles[i].Content())
		}
	}
	p.mu.Unlock()
	return bytes
}

// forget gives its memory back.
func (p *item) forget() {
	p.mu.Lock()
	p.ev = nil
	p.mu.Unlock()
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
	held, store := p.ev, p.files.Store
	if held != nil {
		held = held.Clone()
	}
	p.mu.Unlock()
	switch {
	case held == nil && store == nil:
		return nil, nil, &lostError{dropOverflow, errNoMemory}
	case held != nil && (store == nil || !store.Answers() && inMemory(held)):
		return held, func() {}, nil
	}
	if ev, release, err = store.Load(p.id, to, held); err != nil {
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

// delivered records that a reporter has the event.
func (p *item) delivered(to string) error {
	if store := p.done(to); store != nil {
		return store.Delivered(p.id, to)
	}
	return nil
}

// refused records that a reporter will never accept the event.
func (p *item) refused(to string, why error) error {
	if store := p.done(to); store != nil {
		return store.Refused(p.id, to, why.Error())
	}
	return nil
}

// done removes a reporter from those that wait, and returns the store if a part of the
// event is there.
func (p *item) done(to string) *eventstore.Store {
	p.mu.Lock()
	delete(p.to, to)
	store := p.files.Store
	p.mu.Unlock()
	return store
}

// spill writes to disk what is in memory only, unless all reporters have it.
func (p *item) spill(current *eventstore.Store) error {
	for range 2 { // again if its directory is gone
		p.mu.Lock()
		in, wanted := p.files.Store, p.ev != nil && len(p.to) > 0
		p.mu.Unlock()
		if !wanted {
			return nil
		}
		err := p.finish(cmp.Or(in, current))
		if errors.Is(err, dump.ErrOpen) {
			return nil // it is being delivered
		}
		if !eventstore.IsGone(err) {
			return err
		}
	}
	return nil
}

// finish closes the event on disk, with what is in memory only. An event that has no
// directory gets one in the store.
func (p *item) finish(in *eventstore.Store) error {
	p.mu.Lock()
	files, ev, to := p.files, p.ev.Clone(), slices.Collect(maps.Keys(p.to))
	p.mu.Unlock()
	return files.Finish(in, ev, to, func(now eventstore.Files, whole bool) (delivered []string) {
		p.mu.Lock()
		p.files = now
		if whole {
			p.ev = nil
		}
		for _, name := range to {
			if !p.to[name] {
				delivered = append(delivered, name)
			}
		}
		p.mu.Unlock()
		return delivered
	})
}
