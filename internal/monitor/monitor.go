// Package monitor is the heartbeat: once an interval it reads every signal,
// judges it, and begins or ends a suspicion. Beside it, it looks at memory more
// closely, and ends idle threads where that is wanted.
package monitor

import (
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A Monitor is the loop of one run, and owns these goroutines:
//
//	the loop      one tick an interval, all built-in signals
//	the watcher   memory between two ticks
//	one more      for each signal of the user's, since its source may block
type Monitor struct {
	Scope     *supervise.Scope
	Config    func() *Config // as it is now
	Meter     *measure.Meter
	Locks     *contention.Locks
	Incidents *incident.Incidents
	Wakes     func() (wake <-chan struct{}, end func()) // by finished collections
	Changed   func()                                    // called when the loop takes over another configuration
	Counters  *Counters

	change    supervise.Bell
	preempted chan float64 // holds one: the level that the memory watcher has reported

	config   *Config // of the loop
	builtins []*signalMonitor
	sources  []*sourceMonitor
	shrink   shrinker
	disarm   func() // of the locks, nil while they are not armed

	all    atomic.Pointer[[]*signalMonitor] // for Views
	vetoed atomic.Bool                      // as of the last tick
	due    atomic.Int64                     // mono of the next tick
	ticks  atomic.Uint64
	late   atomic.Uint64
}

// Counters counts ticks over all runs of a Holmes.
type Counters struct {
	Ticks    atomic.Uint64
	TickTime atomic.Int64
}

// Prepare takes over the configuration, so that views know the signals before
// the loop runs.
func (m *Monitor) Prepare() {
	m.change = supervise.NewBell()
	m.preempted = make(chan float64, 1)
	m.all.Store(new([]*signalMonitor))
	m.reconfigure()
}

// Start begins the loop and the memory watcher. Prepare comes first.
func (m *Monitor) Start() {
	m.Scope.Go("loop", m.loop)
	m.Scope.Go("memory watcher", m.watchMemory)
}

// Reconfigure tells the loop that there is another configuration. It takes effect
// at the next tick.
func (m *Monitor) Reconfigure() { m.change.Ring() }

// Release gives back what Prepare has taken; the loop does when it ends.
func (m *Monitor) Release() {
	m.disarmLocks()
	m.Meter.Close()
}

func (m *Monitor) loop() {
	defer m.Release()
	m.Meter.Refresh(m.Scope.Clock.Mono(), &m.config.Measure) // the first half of the first rate
	last := m.Scope.Clock.Mono()
	timer := time.NewTimer(m.config.Interval)
	defer timer.Stop()
	for {
		select {
		case <-m.Scope.Stop:
			return
		case <-m.change:
			m.reconfigure()
		case level := <-m.preempted:
			m.builtin(detect.SignalMem).preempt(m.Scope.Clock.Mono(), level)
		case <-timer.C:
			last = m.beat(last)
		}
		// From the last tick on, so that no number of changes puts off the next.
		m.due.Store(int64(last + m.config.Interval))
		timer.Reset(last + m.config.Interval - m.Scope.Clock.Mono())
	}
}

// beat runs one tick and returns when it was due. Ticks that were missed
// altogether are counted and not made up for.
func (m *Monitor) beat(last time.Duration) time.Duration {
	now := m.Scope.Clock.Mono()
	due := last + m.config.Interval
	if late := now - due; late >= m.config.Interval {
		m.late.Add(uint64(late / m.config.Interval))
		due = now
	}
	m.Scope.Bugs.Safely("tick", func() { m.Tick(now, due) })
	return due
}

// Tick reads everything and judges every signal. It allocates nothing while
// nothing is suspected. Rates are over the real time since the last reading;
// rules are judged at the time that the tick was due, so that ten ticks of a
// second are ten seconds and not a hair less.
func (m *Monitor) Tick(now, due time.Duration) {
	at := m.Scope.Clock.Wall()
	c := m.config
	m.Meter.Refresh(now, &c.Measure)
	m.Locks.Settle()
	veto := m.veto(c)
	m.vetoed.Store(veto != "")
	for _, s := range m.builtins {
		s.step(due, at, veto)
	}
	for _, s := range m.sources {
		s.wake(beat{now: due, at: at, veto: veto, config: c})
	}
	if c.Shrink.Enabled {
		m.shrinkThreads(due, &c.Shrink)
	}
	m.Incidents.Box.Record(due, at, m.Meter, &c.Measure)
	m.ticks.Add(1)
	m.Counters.Ticks.Add(1)
	m.Counters.TickTime.Add(int64(m.Scope.Clock.Mono() - now))
}

// veto is why no event may begin now, whatever the rules say.
func (m *Monitor) veto(c *Config) string {
	if c.CPUMax <= 0 {
		return ""
	}
	if cpu, _, err := m.Meter.CPUPercent(&c.Measure); err == nil && cpu >= c.CPUMax {
		return "CPU is at or above WithCPUMax"
	}
	return ""
}

// reconfigure takes over the newest configuration: signals keep their samples.
func (m *Monitor) reconfigure() {
	c := m.Config()
	if c == m.config {
		return
	}
	m.config = c
	for _, name := range c.Order {
		s := c.Signals[name]
		if s.Source != nil {
			m.addSource(name, s, c)
			continue
		}
		m.builtin(name).configure(c, s)
	}
	m.armLocks(c)
	m.Changed()
}

// builtin returns the monitor of a built-in signal.
func (m *Monitor) builtin(name detect.Signal) *signalMonitor {
	for _, s := range m.builtins {
		if s.signal == name {
			return s
		}
	}
	read := m.config.Signals[name].Read
	s := m.add(name, func(time.Duration) (float64, float64, error) { return read(m.Meter, &m.config.Measure) })
	m.builtins = append(m.builtins, s)
	return s
}

func (m *Monitor) add(name detect.Signal, read func(time.Duration) (float64, float64, error)) *signalMonitor {
	s := &signalMonitor{signal: name, read: read, suspect: m.Incidents.Suspect, log: m.Scope.Log}
	all := append([]*signalMonitor(nil), *m.all.Load()...)
	all = append(all, s)
	m.all.Store(&all)
	return s
}

// armLocks keeps locks armed for as long as a signal is on that wants mutex
// profiles, and disarmLocks ends it.
func (m *Monitor) armLocks(c *Config) {
	switch {
	case !c.wantsMutex():
		m.disarmLocks()
	case m.disarm == nil:
		m.disarm, _ = m.Locks.Arm()
	}
}

func (m *Monitor) disarmLocks() {
	if m.disarm != nil {
		m.disarm()
		m.disarm = nil
	}
}

// Ticks returns how many readings were taken and missed in this run.
func (m *Monitor) Ticks() (taken, late uint64) { return m.ticks.Load(), m.late.Load() }
