package holmes

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

// sourceDeadline is how long a source may take before its signal counts as
// degraded. It is not called again before it has returned.
const sourceDeadline = 5 * time.Second

var errSourceHangs = errors.New("the source does not return")

// A sourceLane is the lane of a user's signal. Its source and its rule may
// block, so it steps in a goroutine of its own, woken by the loop and never
// waited for.
type sourceLane struct {
	lane  *lane
	beats chan beat // holds one: the newest
	cfg   *config

	busySince atomic.Int64 // mono when it was woken, 0 while idle
}

// A sourceEntry is a source as the config knows it. It outlives runs, so that
// a source which hangs is not entered a second time by the next one.
type sourceEntry struct {
	source Source
	guard  *supervise.Breaker
	slot   chan struct{} // holds one while the source is being read
}

func newSourceEntry(src Source) *sourceEntry {
	return &sourceEntry{source: src, guard: supervise.NewBreaker(supervise.SystemClock()), slot: make(chan struct{}, 1)}
}

// A beat is one tick, as the lanes of users' signals get it.
type beat struct {
	now  time.Duration
	at   time.Time
	veto string
	cfg  *config
}

// wake passes a tick on. It never blocks: a lane that is still busy misses the
// tick, and is reported when it has been for too long.
func (s *sourceLane) wake(b beat) {
	if since := time.Duration(s.busySince.Load()); since > 0 && b.now-since > sourceDeadline {
		s.lane.hangs()
	}
	select {
	case s.beats <- b:
	default:
	}
}

// hangs shows the trouble of a lane whose own goroutine cannot.
func (l *lane) hangs() {
	l.mu.Lock()
	l.view.err = errSourceHangs
	l.mu.Unlock()
	l.log.OnCause("hangs "+string(l.signal), "source of %s has not returned for over %v", l.signal, sourceDeadline)
}

func (r *run) sourceLoop(s *sourceLane) {
	for {
		select {
		case <-r.Stop:
			return
		case b := <-s.beats:
			s.busySince.Store(int64(b.now))
			r.Bugs.Safely("source lane", func() { s.step(b) })
			s.busySince.Store(0)
		}
	}
}

func (s *sourceLane) step(b beat) {
	if b.cfg != s.cfg {
		s.cfg = b.cfg
		s.lane.configure(b.cfg, b.cfg.signals[s.lane.signal])
	}
	s.lane.step(b.now, b.at, b.veto)
}

// read calls the source, under its guard and never twice at once.
func (s *sourceLane) read(now time.Time, stop <-chan struct{}) (value, limit float64, err error) {
	e := s.cfg.signals[s.lane.signal].source
	select {
	case e.slot <- struct{}{}:
		defer func() { <-e.slot }()
	case <-stop:
		return 0, 0, errNeverRead
	}
	err = e.guard.Call(func() error {
		got, err := e.source.Read(now)
		value, limit = got.Value, got.Limit
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("source: %w", err)
	}
	return value, limit, nil
}

// addSource starts the lane of a user's signal, once.
func (r *run) addSource(name Signal, sc signalConfig, c *config) {
	for _, s := range r.sources {
		if s.lane.signal == name {
			return // its own goroutine takes over the config with the next tick
		}
	}
	s := &sourceLane{beats: make(chan beat, 1), cfg: c}
	s.lane = r.newLane(name, func(time.Duration) (float64, float64, error) { return s.read(r.Clock.Wall(), r.Stop) })
	s.lane.configure(c, sc)
	r.sources = append(r.sources, s)
	r.Go("source "+string(name), func() { r.sourceLoop(s) })
}
