package deliver

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
	"go.uber.org/zap"
)

// The limits of the directory of events, those of the whole fleet together.
const (
	maxEvents = 2000
	maxBytes  = 4 << 30
	maxAge    = 7 * 24 * time.Hour
)

// A Service keeps the events of all targets and delivers them. It implements
// capture.Store.
type Service struct {
	store   *eventstore.Current
	ids     eventstore.IDs
	queues  *delivery.Service
	run     *delivery.Run
	setting eventstore.Config
	to      delivery.Config

	senders, logging *stage
	log              *supervise.Log
	sink             supervise.Sink
	cancel           context.CancelFunc
}

// A stage is a scope with the function that ends it.
type stage struct {
	supervise.Scope
	stop chan struct{}
}

// New returns a service that keeps events in a directory and has started nothing.
func New(dir string, to []event.Reporter, log *zap.Logger) *Service {
	clock := supervise.SystemClock()
	s := &Service{
		log: supervise.NewLog(clock), sink: log.Sugar(),
		setting: eventstore.Config{Path: dir, Events: maxEvents, Bytes: maxBytes, Age: maxAge},
	}
	for _, r := range to {
		s.to.Add(r)
	}
	bugs := supervise.NewBugs(s.log)
	s.store = eventstore.New(clock, s.log, bugs)
	s.ids.Random = rand.Uint32
	s.queues = delivery.New(clock, s.log, s.store, func() (delivery.Config, eventstore.Config) { return s.to, s.setting })
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	newStage := func() *stage {
		stop := make(chan struct{})
		return &stage{
			Scope: supervise.Scope{Clock: clock, Log: s.log, Bugs: bugs, Tasks: new(supervise.Group), Ctx: ctx, Stop: stop},
			stop:  stop,
		}
	}
	s.senders, s.logging = newStage(), newStage()
	s.run = s.queues.NewRun(&s.senders.Scope, func() {})
	return s
}

// Start starts the delivery.
func (s *Service) Start() {
	s.logging.Go("logger", func() { s.log.Drain(s.logging.Stop, func() supervise.Sink { return s.sink }) })
	s.run.Start()
	s.run.Follow(s.to)
}

// Stop tries the waiting events once more and ends the delivery. What is not delivered
// when ctx is done waits on disk for the next start.
func (s *Service) Stop(ctx context.Context) error {
	defer s.cancel()
	s.senders.Tasks.Close()
	close(s.senders.stop)
	err := s.senders.Tasks.Wait(ctx)
	s.cancel()
	if err == nil {
		err = s.store.Release()
	}
	close(s.logging.stop)
	return errors.Join(err, s.logging.Tasks.Wait(ctx))
}

// NextID returns the ID of an event.
func (s *Service) NextID(at time.Time, signal detect.Signal) string { return s.ids.Next(at, signal) }

// Create makes the directory of an event.
func (s *Service) Create(ctx context.Context, id string) (eventstore.Files, error) {
	return s.store.Create(ctx, s.setting, id, s.queues.Names())
}

// Deliver delivers a complete event.
func (s *Service) Deliver(ev *event.Event, files *eventstore.Files) { s.queues.Deliver(ev, files) }

// Stats returns the statistics of every reporter.
func (s *Service) Stats() []delivery.Stats { return s.queues.Stats() }
