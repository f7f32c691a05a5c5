package monitor

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/supervise"
)

// sourceDeadline is how long a source may take before its signal counts as
// degraded. It is not called again before it has returned.
const sourceDeadline = 5 * time.Second

var errSourceHangs = errors.New("the source does not return")

// A Source is a user's source in the configuration. It outlives runs, so that the next
// run does not call a source that hangs.
type Source struct {
	source  detect.Source
	breaker *supervise.Breaker
	slot    chan struct{} // holds one while the source is being read
}

// NewSource returns a Source that has not been read.
func NewSource(s detect.Source) *Source {
	return &Source{source: s, breaker: supervise.NewBreaker(supervise.SystemClock()), slot: make(chan struct{}, 1)}
}

// A sourceMonitor monitors a user's signal. Its source and its rule may block, so it
// has a goroutine, which the loop wakes and never waits for.
type sourceMonitor struct {
	signal *signalMonitor
	ticks  chan tick // holds one
	config *Config

	busySince atomic.Int64 // mono when it began a tick, 0 while idle
	hung      atomic.Bool  // until it returns
}

// A tick is one tick of the loop. A veto that is not empty is the reason why nothing may
// be captured now.
type tick struct {
	now            time.Duration
	at             time.Time
	veto           string
	load, measured bool // the process has load, if that is measured for the signal
	config         *Config
}

// wake passes a tick on. It never blocks: a monitor that is busy misses the tick, and
// is reported if it has been busy for too long.
func (s *sourceMonitor) wake(t tick) {
	if since := time.Duration(s.busySince.Load()); since > 0 && t.now-since > sourceDeadline {
		s.hung.Store(true)
		s.signal.hangs()
	}
	select {
	case s.ticks <- t:
	default:
	}
}

// hangs records that the source hangs, for the signal's goroutine, which waits for it.
func (m *signalMonitor) hangs() {
	m.mu.Lock()
	m.view.err = errSourceHangs
	m.mu.Unlock()
	m.log.Begin("hangs "+string(m.signal), "source of %s has not returned for over %v", m.signal, sourceDeadline)
}

func (m *Monitor) sourceLoop(s *sourceMonitor) {
	for {
		select {
		case <-m.Scope.Stop:
			return
		case t := <-s.ticks:
			s.busySince.Store(int64(t.now))
			m.Scope.Bugs.Safely("source", func() { s.step(t) })
			s.busySince.Store(0)
			if s.hung.Swap(false) {
				s.signal.log.End("hangs "+string(s.signal.signal), "source of %s has returned", s.signal.signal)
			}
		}
	}
}

func (s *sourceMonitor) step(t tick) {
	if t.config != s.config {
		s.config = t.config
		s.signal.configure(t.config, t.config.Signals[s.signal.signal])
	}
	s.signal.step(t)
}

// read calls the source through its circuit breaker, one call at a time.
func (s *sourceMonitor) read(now time.Time, stop <-chan struct{}) (value, limit float64, err error) {
	src := s.config.Signals[s.signal.signal].Source
	select {
	case src.slot <- struct{}{}:
		defer func() { <-src.slot }()
	case <-stop:
		return 0, 0, errNeverRead
	}
	err = src.breaker.Call(func() error {
		got, err := src.source.Read(now)
		value, limit = got.Value, got.Limit
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("source: %w", err)
	}
	return value, limit, nil
}

// addSource starts the monitor of a user's signal, unless there is one.
func (m *Monitor) addSource(name detect.Signal, settings Signal, c *Config) {
	for _, s := range m.sources {
		if s.signal.signal == name {
			return // its own goroutine takes over the configuration with the next tick
		}
	}
	s := &sourceMonitor{ticks: make(chan tick, 1), config: c}
	s.signal = m.add(name, func(time.Duration) (float64, float64, error) {
		return s.read(m.Scope.Clock.Wall(), m.Scope.Stop)
	})
	s.signal.configure(c, settings)
	m.sources = append(m.sources, s)
	m.Scope.Go("source "+string(name), func() { m.sourceLoop(s) })
}
