package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

const (
	keepEvery = time.Minute      // orphans are adopted, and memory is written to disk
	tidyEvery = 10 * time.Minute // events that are too old are removed
	lookEvery = time.Second      // the contents are read for the statistics, if they have changed
)

// A keeper maintains the spool during a run: it recovers orphans, which are events on
// disk that no process delivers, and writes the memory buffer to disk.
type keeper struct {
	*spool
	scope  *supervise.Scope
	every  time.Duration
	admit  func(*event.Event) bool
	recall supervise.Bell // rung for a new reporter, because events may wait for it
	each   func()         // called in each round
	look   <-chan time.Time
}

// keep runs rounds until the scope is stopping.
func (k *keeper) keep() {
	timer := time.NewTicker(k.every)
	defer timer.Stop()
	tidy := k.clock.Mono() + tidyEvery
	_, c := k.settings()
	_, _ = k.stores.Open(context.Background(), c) // Start does not wait for a slow disk, and reports an error
	for all, more := true, true; more; {
		k.spill()
		k.each()
		for _, s := range k.stores.All() {
			k.recover(s, all)
		}
		k.tidy(true) // their budgets shrink with the memory that is free
		k.stores.Changed.Ring()
		all, more = k.rest(timer.C)
		if now := k.clock.Mono(); more && now >= tidy {
			tidy = now + tidyEvery
			k.tidy(false)
		}
	}
	k.spill() // what is in memory only is lost if the process ends
}

// rest waits for the next round: whether it is one for all events, and false if the scope
// is stopping. Meanwhile it reads for the statistics what has changed.
func (k *keeper) rest(next <-chan time.Time) (all, more bool) {
	for {
		select {
		case <-next:
			return false, true
		case <-k.recall:
			return true, true
		case <-k.stores.Answered: // what was taken over meanwhile is not queued
			k.wake()
			return true, true
		case <-k.stores.Changed:
			if k.look == nil {
				k.look = time.After(lookEvery)
			}
		case <-k.look:
			k.look = nil
			k.stores.Look()
		case <-k.scope.Stop:
			return false, false
		}
	}
}

// wake has the senders look at the events that could not be loaded.
func (k *keeper) wake() {
	c, _ := k.settings()
	for _, q := range c.Queues {
		q.wake.Ring()
	}
}

// recover adopts the orphans in a store. Without all it does so only if the store may
// have orphans; with all, at the start and for a new reporter, it also queues events
// of this process again.
func (k *keeper) recover(s *eventstore.Store, all bool) {
	c, _ := k.settings()
	k.stores.Report("events may give way to others", s.Configured(names(c.Queues)))
	k.stores.Report("events may be delivered twice if this process ends now", s.RetryMarks())
	queues := k.enabled()
	orphans, err := s.Adopt(all, names(queues))
	k.stores.Report("look for events to deliver", err)
	for _, id := range orphans.Unfinished {
		if !k.memory.has(id) { // else there is more of it in memory
			k.complete(s, id, queues)
		}
	}
	for _, id := range orphans.Waiting {
		k.enqueue(k.stored(s, id), queues)
	}
	if n := len(orphans.Unfinished) + len(orphans.Waiting); n > 0 {
		k.log.Infof("took over %d events in %s whose process has ended", n, s.Dir())
	}
	if all {
		k.requeue(s, queues)
	}
}

// stored returns an item for an event that is on disk.
func (k *keeper) stored(s *eventstore.Store, id string) *item {
	return &item{id: id, files: eventstore.Files{Store: s}, since: k.clock.Mono()}
}

// requeue queues the events of this process that waited for a reporter of this
// name when it was removed. An event that is being closed waits on disk too, but
// deliver queues it, with what of it is in memory.
func (k *keeper) requeue(s *eventstore.Store, queues []*Queue) {
	for _, q := range queues {
		ids, err := s.Waiting(q.name)
		k.stores.Report("look for events to deliver", err)
		for _, id := range ids {
			if k.isClosing(id) {
				continue
			}
			q.offer(k.stored(s, id), s)
		}
	}
}

// complete closes an event that a killed process had begun, and queues it.
func (k *keeper) complete(s *eventstore.Store, id string, queues []*Queue) {
	wanted, err := s.Complete(id, names(queues), k.admit)
	if errors.Is(err, dump.ErrOpen) {
		return
	}
	k.stores.Report("complete an event that another process left", err)
	if wanted {
		k.enqueue(k.stored(s, id), queues)
	}
}

// tidy removes events that are too old or too many, from the stores that are in memory or
// from the others.
func (k *keeper) tidy(volatile bool) {
	for _, s := range k.stores.All() {
		if s.Volatile() == volatile {
			k.stores.Report("remove expired events", s.Tidy())
		}
	}
}
