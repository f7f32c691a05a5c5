package delivery

import (
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
}

// keep runs rounds until the scope is stopping.
func (k *keeper) keep() {
	timer := time.NewTicker(k.every)
	defer timer.Stop()
	tidy := k.clock.Mono() + tidyEvery
	for all := true; ; {
		k.spill()
		k.each()
		for _, s := range k.stores.All() {
			k.recover(s, all)
		}
		k.tidy(true) // their budgets shrink with the memory that is free
		all = false
		select {
		case <-timer.C:
		case <-k.recall:
			all = true
		case <-k.scope.Stop:
			k.spill() // what is in memory only is lost if the process ends
			return
		}
		if now := k.clock.Mono(); now >= tidy {
			tidy = now + tidyEvery
			k.tidy(false)
		}
	}
}

// recover adopts the orphans in a store. Without all it does so only if the store may
// have orphans; with all, at the start and for a new reporter, it also queues events
// of this process again.
func (k *keeper) recover(s *dump.Store, all bool) {
	c, _ := k.settings()
	k.stores.Report("events may give way to others", s.Configured(names(c.Queues)...))
	k.stores.Report("events may be delivered twice if this process ends now", s.RetryMarks())
	if !all && !s.Orphaned() {
		return
	}
	queues := k.enabled()
	orphans, err := s.Adopt(names(queues)...)
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
func (k *keeper) stored(s *dump.Store, id string) *item {
	return &item{id: id, store: s, since: k.clock.Mono()}
}

// requeue queues the events of this process that waited for a reporter of this
// name when it was removed. An event that is being closed waits on disk too, but
// deliver queues it, with what of it is in memory.
func (k *keeper) requeue(s *dump.Store, queues []*Queue) {
	for _, q := range queues {
		ids, err := s.Waiting(q.name)
		k.stores.Report("look for events to deliver", err)
		for _, id := range ids {
			if _, closing := k.closing.Load(id); closing {
				continue
			}
			q.offer(k.stored(s, id), s)
		}
	}
}

// complete closes an event that a killed process had begun. An event without a
// verdict is reported as unconfirmed.
func (k *keeper) complete(s *dump.Store, id string, queues []*Queue) {
	files, err := eventstore.Reopen(s, id)
	if errors.Is(err, dump.ErrOpen) {
		return
	}
	if err != nil {
		k.stores.Report("take over an event that another process left", err)
		return
	}
	ev, err := event.Recover(files.Dir())
	k.stores.Report("read an event that another process left", err)
	if ev.State == event.StateDismissed || ev.Trigger.Sample.Signal == event.SignalBaseline || !k.admit(ev) {
		k.stores.Report("close an event that another process left", files.Dismiss())
		return
	}
	err = files.Complete(ev)
	k.stores.Report("complete an event that another process left", err) // it is delivered anyway
	wanted := false
	for _, q := range queues {
		waits, err := s.Waits(id, q.name)
		wanted = wanted || waits || err != nil
	}
	if !wanted {
		k.stores.Report("release an event to other processes", s.Disown(id))
		return
	}
	k.enqueue(k.stored(s, id), queues)
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
