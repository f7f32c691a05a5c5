package holmes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/brakes"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/monitor"
	"github.com/go-holmes/holmes/internal/supervise"
)

// stopTime is how long Stop waits for reporters and captures.
const stopTime = 5 * time.Second

// A Holmes watches the process that it runs in. [New] makes one. All methods are safe
// for concurrent use, and none panics. Those of the zero value, of a nil Holmes, and
// of one that New returned with an error do nothing.
type Holmes struct {
	inert error // why New failed

	cfg     atomic.Pointer[config]
	setting sync.Mutex // one change of the config at a time

	life    chan struct{} // holds one while starting or stopping
	current atomic.Pointer[run]

	// For all runs.
	clock    supervise.Clock
	log      *supervise.Log
	bugs     *supervise.Bugs
	store    *eventstore.Current
	ids      eventstore.IDs
	captures *capture.Process
	delivery *delivery.Service
	baseline baseline.Current
	brakes   *brakes.Brakes
	labels   *incident.Labels
	events   incident.Counters
	ticks    monitor.Counters
	build    func() string // ID of this build of the program

	// Tests replace these.
	readers func(*supervise.Log) measure.Readers
	random  func() uint32
	wakes   func() (wake <-chan struct{}, end func()) // after finished collections
}

// New returns a Holmes that is ready to [Holmes.Start]. It starts nothing and does not
// access the disk.
//
// A wrong option gives an error that names every wrong option and value. The Holmes
// is never nil: with an error it is inert, which means that all methods do nothing,
// and those that can return an error return [ErrInert]. So a service may log the error
// and continue.
func New(opts ...Option) (*Holmes, error) {
	c, err := defaultConfig().with(opts)
	if err != nil {
		return &Holmes{inert: err}, err
	}
	h := &Holmes{
		life:    make(chan struct{}, 1),
		clock:   supervise.SystemClock(),
		build:   sync.OnceValue(baseline.BuildID),
		readers: measure.OpenReaders,
		random:  rand.Uint32,
		wakes:   measure.WakeByCollections,
	}
	random := func() uint32 { return h.random() }
	h.log = supervise.NewLog(h.clock)
	h.bugs = supervise.NewBugs(h.log)
	h.labels = incident.NewLabels(h.clock, h.log)
	h.store = eventstore.New(h.clock, h.log, h.bugs)
	h.ids.Random = random
	h.captures = capture.NewProcess(h.clock, random)
	h.delivery = delivery.New(h.clock, h.log, h.store, func() (delivery.Config, eventstore.Config) {
		c := h.cfg.Load()
		return c.delivery, c.store
	})
	h.brakes = brakes.New(h.clock, h.log, h.store, func() brakes.Config { return h.cfg.Load().brakes() })
	h.delivery.Admit = h.brakes.Admit
	h.cfg.Store(c)
	return h, nil
}

// usable returns an error if h is inert.
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

// Set changes options, running or not. If one is wrong, it changes none and returns an
// error that names every wrong option. Changes take effect at the next tick. Set does
// not wait for it.
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

// put makes c the current configuration; setting is held.
func (h *Holmes) put(c *config) {
	h.cfg.Store(c)
	if r := h.current.Load(); r != nil {
		r.monitor.Reconfigure()
	}
}

// Enable turns signals on. All signals are on by default, except for [SignalGCCPU],
// [SignalSchedLat] and [SignalMutexWait].
func (h *Holmes) Enable(signals ...Signal) *Holmes { return h.enable(true, signals) }

// Disable turns signals off. Suspected events of them are dismissed.
func (h *Holmes) Disable(signals ...Signal) *Holmes { return h.enable(false, signals) }

func (h *Holmes) enable(on bool, signals []Signal) *Holmes {
	if h.usable() != nil {
		return h
	}
	h.setting.Lock()
	defer h.setting.Unlock()
	c, _ := h.cfg.Load().with(nil) // without options it cannot fail
	for _, name := range signals {
		if !c.change(name, func(s *monitor.Signal) { s.Enabled = on }) {
			h.log.Warnf("no signal is named %q: Enable and Disable ignore it", name)
		}
	}
	h.put(c)
	return h
}

// Pause has the rules begin no event for d from now, running or not: for a load test
// that is planned. Readings go on, but enter no mean, and the grace after Start does not
// run: the load of a test is no normal. So what is still far above the mean when the
// pause is over is reported; give it the time that the service takes to calm down. A
// forecast that memory runs out is reported all the same, and so are a killed run,
// [Holmes.CaptureNow] and [WithContinuous]. What is suspected already may be confirmed.
// The last call counts; Pause(0) ends it, and Pause([math.MaxInt64]) lasts until then.
func (h *Holmes) Pause(d time.Duration) {
	if h.usable() != nil {
		return
	}
	h.setting.Lock()
	defer h.setting.Unlock()
	c, _ := h.cfg.Load().with(nil) // without options it cannot fail
	now := h.clock.Mono()
	c.monitor.Paused = now + min(max(d, 0), math.MaxInt64-now)
	h.put(c)
}

// Start begins to watch, and returns. It returns an error only if h is inert. If the
// dump path cannot be used, Start logs that, [Stats] has the error, and events go to
// the reporters from memory. Start does nothing if h is running, or if [FromEnv] has
// turned it off.
func (h *Holmes) Start() error {
	if err := h.usable(); err != nil {
		return err
	}
	h.life <- struct{}{}
	defer func() { <-h.life }()
	if h.current.Load() != nil || h.cfg.Load().off {
		return nil
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := h.store.Open(now, h.cfg.Load().store)
	h.store.Report("events are kept in memory, the dump path cannot be used", err)
	r := h.newRun()
	h.current.Store(r)
	r.start(!errors.Is(err, eventstore.ErrNoAnswer))
	return nil
}

// CaptureNow captures an event on demand, passes it to the reporters like any other,
// and returns a copy. The default kinds are cpu, heap and goroutine. A kind that is
// given twice is taken once.
//
// It blocks while the profiles are taken: CPU, mutex and block profiles and a trace
// for the time of [WithCPUSamplingTime], or until ctx is done; the event then has what
// was taken so far. A mutex profile takes a second more, unless a signal with mutex
// profiles is on. CaptureNow shares a CPU profile that holmes is taking already. If
// other code is using the CPU profiler, the profile is missing and its note says why.
// The error is [ErrNotRunning], [ErrInert], or names a kind that is unknown or needs
// [WithBlockProfile].
func (h *Holmes) CaptureNow(ctx context.Context, kinds ...Kind) (*Event, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		kinds = []Kind{KindCPU, KindHeap, KindGoroutine}
	}
	c := h.cfg.Load()
	once, err := capture.CheckKinds(kinds)
	if err := errors.Join(err, c.capture.CheckBlock(kinds)); err != nil {
		return nil, fmt.Errorf("holmes: CaptureNow: %w", err)
	}
	r := h.current.Load()
	if r == nil {
		return nil, ErrNotRunning
	}
	ev, err := r.incidents.OnDemand(ctx, once)
	if err != nil {
		return nil, fmt.Errorf("holmes: CaptureNow: %w", err)
	}
	if ev == nil {
		return nil, ErrNotRunning
	}
	return ev, nil
}

// Stop is [Holmes.Shutdown] with a limit of 5 seconds. The next Start logs what has not
// returned by then.
func (h *Holmes) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil && h.usable() == nil {
		h.log.Warnf("Stop has returned before all has ended: %v", err)
	}
}

// Shutdown stops watching. Captures end with what they have, suspected events become
// unconfirmed, each reporter gets the events that wait for it until it fails once, and
// all goroutines end. If ctx is done first, it returns an error that wraps [ErrHeld];
// goroutines that are left then end when the call that they wait for returns. Events
// that could not be delivered wait on disk, for the next Start or for another process
// with the same dump path and a reporter of that name. Shutdown does nothing if h is
// not running.
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
	return r.end(ctx, incident.PanicOnStack())
}
