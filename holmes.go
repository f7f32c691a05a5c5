package holmes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// stopTime is how long Stop waits for reporters and captures.
const stopTime = 5 * time.Second

// A Holmes watches the process that it lives in. Make one with [New]. All its
// methods are safe for concurrent use, and none panics, not even those of an
// inert Holmes or of the zero value.
type Holmes struct {
	inert error // why New failed

	cfg     atomic.Pointer[config]
	setting sync.Mutex // one change of the config at a time

	life    chan struct{} // holds one while starting or stopping
	current atomic.Pointer[run]

	clock      supervise.Clock
	log        *supervise.Log
	bugs       *supervise.Bugs
	store      *eventstore.Current
	ids        eventstore.IDs
	delivery   *delivery.Service
	stats      tally
	labelGuard *supervise.Breaker
	labelSlot  chan struct{}
	gcMu       sync.Mutex
	lastGC     time.Duration
	prices     priceList
	normal     normalBook
	eventful   atomic.Int64 // mono of the last event that a signal began, 0 for none
	build      func() string

	// What stands between holmes and the process; tests put others here.
	captures map[Kind]capture
	cpu      *cpuprofile.Broker
	trace    *flight.Broker
	waits    waitRates
	readers  func(*supervise.Log) measure.Readers
	random   func() uint32
	wakes    func() (wake <-chan struct{}, end func()) // by finished collections
	own      diagnose.Options                          // whose code is the application's
}

// New returns a Holmes that is ready to [Holmes.Start]. It starts nothing and
// touches no disk.
//
// A bad option gives an error that names every wrong option and value, and an
// inert Holmes: never nil, all its methods do nothing, those that can return
// an error return [ErrInert]. So a service may log the error and go on.
func New(opts ...Option) (*Holmes, error) {
	c, err := defaultConfig().with(opts)
	if err != nil {
		return &Holmes{inert: err}, err
	}
	h := &Holmes{
		life:      make(chan struct{}, 1),
		clock:     supervise.SystemClock(),
		labelSlot: make(chan struct{}, 1),
		captures:  captures,
		cpu:       processCPU,
		trace:     processTrace,
		waits:     processWaits,
		readers:   measure.OpenReaders,
		random:    rand.Uint32,
		wakes:     measure.WakeByCollections,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		h.own.Module = info.Main.Path
		for _, dep := range info.Deps {
			h.own.Modules = append(h.own.Modules, dep.Path)
		}
	}
	h.build = sync.OnceValue(buildID)
	h.labelGuard = supervise.NewBreaker(h.clock)
	h.log = supervise.NewLog(h.clock)
	h.bugs = supervise.NewBugs(h.log)
	h.store = eventstore.New(h.clock, h.log)
	h.delivery = delivery.New(h.clock, h.log, h.store, func() (delivery.Config, eventstore.Config) {
		c := h.cfg.Load()
		return c.delivery, c.store
	})
	h.ids.Random = func() uint32 { return h.random() }
	h.cfg.Store(c)
	return h, nil
}

// usable returns why h cannot do anything, if it cannot.
func (h *Holmes) usable() error {
	switch {
	case h.config() != nil:
		return nil
	case h != nil && h.inert != nil:
		return fmt.Errorf("%w: %w", ErrInert, h.inert)
	default:
		return ErrInert
	}
}

func (h *Holmes) config() *config {
	if h == nil {
		return nil
	}
	return h.cfg.Load()
}

// Set changes options, running or not: all of them, or none and an error that
// names every wrong one. It takes effect at the next tick, and never blocks.
func (h *Holmes) Set(opts ...Option) error {
	if err := h.usable(); err != nil {
		return err
	}
	h.setting.Lock()
	defer h.setting.Unlock()
	c, err := h.cfg.Load().with(opts)
	if err != nil {
		return err
	}
	h.put(c)
	return nil
}

// put makes a config the current one; setting is held.
func (h *Holmes) put(c *config) {
	h.cfg.Store(c)
	if r := h.current.Load(); r != nil {
		select {
		case r.changed <- struct{}{}:
		default: // told already, and it will find the newest
		}
	}
}

// Enable turns signals on. From the beginning all are, but for [SignalGCCPU],
// [SignalSchedLat] and [SignalMutexWait].
func (h *Holmes) Enable(signals ...Signal) *Holmes { return h.enable(true, signals) }

// Disable turns signals off; what they suspect is dismissed.
func (h *Holmes) Disable(signals ...Signal) *Holmes { return h.enable(false, signals) }

func (h *Holmes) enable(on bool, signals []Signal) *Holmes {
	if h.usable() != nil {
		return h
	}
	h.setting.Lock()
	defer h.setting.Unlock()
	c, _ := h.cfg.Load().with(nil) // no option can fail
	for _, name := range signals {
		sc, ok := c.signals[name]
		if !ok {
			h.log.Warnf("no signal is named %q: nothing to turn on or off", name)
			continue
		}
		sc.enabled = on
		c.signals[name] = sc
	}
	h.put(c)
	return h
}

// Start begins to watch, and returns. It fails only when h is inert. A dump
// path that cannot be used is no failure: it is logged, shown in [Stats], and
// events go to the reporters from memory. Starting what runs does nothing.
func (h *Holmes) Start() error {
	if err := h.usable(); err != nil {
		return err
	}
	h.life <- struct{}{}
	defer func() { <-h.life }()
	if h.current.Load() != nil {
		return nil
	}
	c := h.cfg.Load()
	if _, err := h.store.Open(c.store); err != nil {
		h.store.Report("events are kept in memory, the dump path cannot be used", err)
	}
	r := h.newRun()
	if c.crashOutput {
		r.openBox(c) // at once: it may crash at once
	}
	r.reconfigure() // here, so that Stats know the signals as soon as Start returns
	h.current.Store(r)
	r.logging.Go("logger", func() {
		h.log.Drain(r.logging.Stop, func() supervise.Sink { return h.cfg.Load().logger })
	})
	r.sending.Start()
	r.Go("loop", r.loop)
	r.Go("memory watcher", r.watchMemory)
	r.Go("black box", r.keepBox)
	r.Go("flight recorder", r.keepRecorder)
	return nil
}

func (h *Holmes) newRun() *run {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{
		h: h, meter: measure.New(h.readers(h.log)), since: h.clock.Mono(),
		changed: make(chan struct{}, 1), rushed: make(chan float64, 1),
	}
	scope := func(end *func()) supervise.Scope {
		stop := make(chan struct{})
		*end = func() { close(stop) }
		return supervise.Scope{Clock: h.clock, Log: h.log, Bugs: h.bugs, Tasks: new(supervise.Group), Ctx: ctx, Stop: stop}
	}
	work := scope(&r.stop)
	r.Scope, r.senders, r.logging = &work, scope(&r.flush), scope(&r.endLog)
	r.sending = h.delivery.NewRun(&r.senders, r.reportBox)
	r.cancel = cancel
	r.all.Store(new([]*lane))
	r.past.clock = h.clock
	return r
}

// Stop is Shutdown within 5 seconds. What does not end by then is left behind
// and logged by the next Start.
func (h *Holmes) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil && h.usable() == nil {
		h.log.Warnf("stop: %v", err)
	}
}

// Shutdown stops watching: captures end with what they have, events that are
// still suspected are kept as unconfirmed, each reporter is given what waits
// for it until it fails once, and all goroutines are joined. It returns an error
// that wraps [ErrHeld] if ctx is done first; then whatever is held ends by itself
// when it returns, and nothing new begins. Events that could not be delivered
// wait on disk, for the next Start or for another process that has the same
// dump path and a reporter of that name. Stopping what does not run does
// nothing.
func (h *Holmes) Shutdown(ctx context.Context) error {
	if h.usable() != nil {
		return nil
	}
	select {
	case h.life <- struct{}{}:
		defer func() { <-h.life }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrHeld, ctx.Err())
	}
	r := h.current.Swap(nil)
	if r == nil {
		return nil
	}
	return r.end(ctx)
}

// end takes a run down, in the order of its doc.
func (r *run) end(ctx context.Context) error {
	defer r.cancel()
	r.Tasks.Close()
	r.stop()
	err := r.Tasks.Wait(ctx)
	r.flush()
	err = errors.Join(err, r.senders.Tasks.Wait(ctx))
	r.cancel()
	if err := r.past.close(ctx); err != nil {
		r.Log.OnCause("black box", "closing: %v", err)
	}
	if err == nil && ctx.Err() == nil { // else somebody still has an event, or there is no time
		r.h.store.Report("leave events to others", r.h.store.Release())
	}
	r.endLog()
	return errors.Join(err, r.logging.Tasks.Wait(ctx))
}
