package delivery

import (
	"errors"
	"sync"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A spool is where events wait: the stores, and the memory buffer for what the disk
// refuses.
type spool struct {
	clock    supervise.Clock
	log      *supervise.Log
	stores   *eventstore.Current
	settings func() (Config, eventstore.Config)
	settled  func(reporter, id, reason string) // for tests; may be nil
	memory   memory

	mu      sync.Mutex
	closing map[string]bool // IDs of events that may be closed on disk and are not queued yet
}

func (s *spool) setClosing(id string, on bool) {
	s.mu.Lock()
	if s.closing == nil {
		s.closing = map[string]bool{}
	}
	if s.closing[id] = on; !on {
		delete(s.closing, id)
	}
	s.mu.Unlock()
}

func (s *spool) isClosing(id string) bool {
	s.mu.Lock()
	closing := s.closing[id]
	s.mu.Unlock()
	return closing
}

// enabled returns the queues of the reporters that get an event now.
func (s *spool) enabled() (out []*Queue) {
	c, _ := s.settings()
	for _, q := range c.Queues {
		if !q.Disabled() {
			out = append(out, q)
		}
	}
	return out
}

// deliver closes an event and queues it. What the disk refused is held in
// memory.
func (s *spool) deliver(ev *event.Event, files *eventstore.Files) {
	s.setClosing(ev.ID, true)
	defer s.setClosing(ev.ID, false)
	queues := s.enabled()
	to := names(queues)
	p := &item{id: ev.ID, ev: ev, files: *files, to: map[string]bool{}}
	for _, name := range to {
		p.to[name] = true
	}
	if files.OnDisk() {
		s.stores.Report("an event is incomplete on disk", p.finish(files.Store), "event", ev.ID, "signal", string(ev.Trigger.Sample.Signal))
	}
	p.since = s.clock.Mono()
	if p.held() {
		s.hold(p)
	}
	s.enqueue(p, queues)
}

// enqueue adds an event to queues. Its memory is freed when it has left the last
// of them.
func (s *spool) enqueue(p *item, queues []*Queue) {
	p.left = func() { s.memory.remove(p) }
	p.open.Add(1) // so that it does not leave before it is in all queues
	for _, q := range queues {
		q.offer(p, p.stored())
	}
	p.leave()
}

// hold keeps in memory what the disk refused. If the buffer is full, it drops the
// oldest events.
func (s *spool) hold(p *item) {
	most := min(MaxInMemoryBytes, s.stores.MemoryBudget())
	for _, old := range s.memory.add(p, most) {
		old.forget()
		if !old.lost() {
			continue // the part on disk is delivered
		}
		c, _ := s.settings()
		for _, q := range c.Queues {
			if e := q.find(old); e != nil {
				s.settle(q, e, dropOverflow)
			}
		}
		s.log.With("event", old.id).OnCause("overflow", "event %s is lost: the disk refused it, and more than %d events or %d KiB are waiting in memory",
			old.id, MaxInMemory, most>>10)
	}
}

// spill writes the memory buffer to disk, if the disk accepts it now.
func (s *spool) spill() {
	_, c := s.settings()
	for _, p := range s.memory.all() {
		err := p.spill(s.stores.At(c))
		s.stores.Report("events are kept in memory", err)
		if errors.Is(err, dump.ErrBusy) {
			return // the others would time out too
		}
		if !p.held() {
			s.memory.remove(p)
		}
	}
}

// settle removes an entry from its queue: reason is "" if it was delivered, else why
// it was dropped.
func (s *spool) settle(q *Queue, e *entry, reason string) {
	if !q.remove(e, reason) {
		return
	}
	if s.settled != nil {
		s.settled(q.name, e.id, reason)
	}
	e.leave()
	s.stores.Changed.Ring()
}
