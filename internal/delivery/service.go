package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A Service delivers events, over all runs of a Holmes.
type Service struct {
	// Every is how often a run looks for orphans and writes the memory buffer to
	// disk.
	Every time.Duration
	// Admit reports whether an event that a killed process had begun is to be
	// reported.
	Admit func(*event.Event) bool
	spool spool
}

// New returns a Service that has started nothing. settings returns the current
// settings; it is called at each use.
func New(c supervise.Clock, l *supervise.Log, stores *eventstore.Current, settings func() (Config, eventstore.Config)) *Service {
	return &Service{Every: keepEvery, Admit: func(*event.Event) bool { return true }, spool: spool{clock: c, log: l, stores: stores, settings: settings}}
}

// OnSettled sets what is called for each event that leaves a queue, for tests:
// the reason is "" when the event was delivered, else why it was dropped. Call
// it before Start.
func (s *Service) OnSettled(f func(reporter, id, reason string)) { s.spool.settled = f }

// Names returns the names of the reporters that get an event now.
func (s *Service) Names() []string { return names(s.spool.enabled()) }

// Deliver closes an event and queues it for the reporters. The caller must not use the
// event afterwards.
func (s *Service) Deliver(ev *event.Event, files *eventstore.Files) { s.spool.deliver(ev, files) }

// Stats returns the statistics of every reporter.
func (s *Service) Stats() (out []Stats) {
	c, _ := s.spool.settings()
	for _, q := range c.Queues {
		out = append(out, q.statistics(s.spool.clock.Mono()))
	}
	return out
}

// InMemory returns how many events and bytes are in memory, because the disk refused
// them or a part of them.
func (s *Service) InMemory() (events, bytes int) { return s.spool.memory.size() }

// A Run is the delivery between a Start and a Stop.
type Run struct {
	keeper  keeper
	senders map[*Queue]*sender
}

// NewRun returns the delivery of a run, which has started nothing. each is called once
// a round of the spool. When the scope is stopping, senders try the waiting events
// once more and end.
func (s *Service) NewRun(scope *supervise.Scope, each func()) *Run {
	return &Run{
		keeper:  keeper{spool: &s.spool, scope: scope, every: s.Every, admit: s.Admit, recall: supervise.NewBell(), each: each},
		senders: map[*Queue]*sender{},
	}
}

// Start starts the goroutine that recovers orphans and writes the memory buffer to
// disk.
func (r *Run) Start() { r.keeper.scope.Go("spool", r.keeper.keep) }

// Follow starts the senders of new reporters and ends those of removed ones.
// The events that wait for a removed reporter stay on disk, for a reporter of that
// name. Follow must not be called concurrently.
func (r *Run) Follow(c Config) {
	for q, s := range r.senders {
		if slices.Contains(c.Queues, q) {
			continue
		}
		s.removed.Store(!slices.ContainsFunc(c.Queues, func(next *Queue) bool {
			return next.ancestor(func(old *Queue) bool { return old == q }) != nil
		}))
		s.cancel()
		if supervise.Closed(s.done) {
			delete(r.senders, q)
		}
	}
	for _, q := range c.Queues {
		if r.senders[q] == nil {
			r.send(q)
		}
	}
}

// send starts the sender of a queue. A sender that replaces another waits until
// that one has ended.
func (r *Run) send(q *Queue) {
	s := &sender{spool: r.keeper.spool, queue: q, scope: r.keeper.scope, done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(s.scope.Ctx)
	if old := q.ancestor(func(old *Queue) bool { return r.senders[old] != nil }); old != nil {
		s.after = r.senders[old].done
	}
	r.senders[q] = s
	s.scope.Go("reporter "+q.name, func() { q.send(s) })
	r.keeper.recall.Ring()
}
