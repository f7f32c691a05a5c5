// Package monitor reads and judges every signal once an interval, and begins or ends
// suspicions. Between two ticks it watches memory. It also ends idle threads if the
// option is on.
package monitor

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A Monitor monitors the signals of one run. It owns these goroutines:
//
//	the loop      one tick an interval, all built-in signals
//	the watcher   memory between two ticks
//	a goroutine   for each user's signal, because its source may block
type Monitor struct {
	Scope     *supervise.Scope
	Config    func() *Config // the current one
	Meter     *measure.Meter
	Locks     *contention.Locks
	Incidents *incident.Incidents
	Expected  func(detect.Signal) float64               // the mean before a restart, 0 if unknown
	Wakes     func() (wake <-chan struct{}, end func()) // after finished collections
	Changed   func()                                    // called by the loop when it takes over a configuration
	Counters  *Counters

	change    supervise.Bell
	preempted chan preemption // holds some
	memory    sync.Mutex      // held while the loop judges memory, or the watcher a level of it

	config   *Config // of the loop
	builtins []*signalMonitor
	sources  []*sourceMonitor
	shrink   shrinker
	disarm   func() // disarms the locks; nil while they are not armed

	all    atomic.Pointer[[]*signalMonitor] // for Views
	vetoed atomic.Bool                      // as of the last tick
	due    atomic.Int64                     // mono of the next tick
	ticks  atomic.Uint64
	late   atomic.Uint64
}

// Counters counts ticks and their time, over all runs of a Holmes.
type Counters struct {
	Ticks    atomic.Uint64
	TickTime atomic.Int64
}

// Prepare takes over the configuration, so that views have the signals before the loop
// runs.
func (m *Monitor) Prepare() {
	m.change = supervise.NewBell()
	m.preempted = make(chan preemption, 4)
	m.all.Store(new([]*signalMonitor))
	m.reconfigure()
}

// Start starts the loop and the memory watcher. Call Prepare first.
func (m *Monitor) Start() {
	m.Scope.Go("loop", m.loop)
	m.Scope.Go("memory watcher", m.watchMemory)
}

// Reconfigure lets the loop take over the current configuration. It does not block.
func (m *Monitor) Reconfigure() { m.change.Ring() }

// Release closes the meter and disarms the locks. The loop calls it when it ends.
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
		case p := <-m.preempted:
			m.builtin(detect.SignalMem).preempt(m.Scope.Clock.Mono(), p)
		case <-timer.C:
			last = m.tickAt(last + m.config.Interval)
		}
		// From the last tick on, so that changes do not delay the next tick.
		m.due.Store(int64(last + m.config.Interval))
		timer.Reset(last + m.config.Interval - m.Scope.Clock.Mono())
	}
}

// tickAt runs the tick that is due and returns when it was due. Missed ticks are
// counted and skipped.
func (m *Monitor) tickAt(due time.Duration) time.Duration {
	now := m.Scope.Clock.Mono()
	if late := now - due; late >= m.config.Interval {
		m.late.Add(uint64(late / m.config.Interval))
		due = now
	}
	m.Scope.Bugs.Safely("tick", func() { m.Tick(now, due) })
	return due
}

// Tick reads and judges every signal. It allocates nothing while nothing is suspected.
// Rates are over the real time since the last reading. Rules are judged at the time
// when the tick was due, so that ten ticks of a second are exactly ten seconds.
func (m *Monitor) Tick(now, due time.Duration) {
	at := m.Scope.Clock.Wall()
	c := m.config
	m.Meter.Refresh(now, &c.Measure)
	m.Locks.Settle()
	veto := m.veto(c, now)
	m.vetoed.Store(veto != "")
	t := tick{now: due, at: at, veto: veto, config: c}
	for _, s := range m.sources {
		s.wake(t)
	}
	t.load, t.measured = m.load(c)
	for _, s := range m.builtins {
		if s.signal == detect.SignalMem {
			m.stepMemory(s, t)
			continue
		}
		s.step(t)
	}
	if c.Shrink.Enabled {
		m.shrinkThreads(due, &c.Shrink)
	}
	m.Incidents.Box.Record(due, at, m.Meter, &c.Measure)
	m.ticks.Add(1)
	m.Counters.Ticks.Add(1)
	m.Counters.TickTime.Add(int64(m.Scope.Clock.Mono() - now))
}

// paused is the veto of a pause.
const paused = "holmes is paused"

// veto returns why no event may begin now, whatever the rules say, and "" if one may.
func (m *Monitor) veto(c *Config, now time.Duration) string {
	if now < c.Paused {
		return paused
	}
	if c.CPUMax <= 0 {
		return ""
	}
	if cpu, _, err := m.Meter.CPUPercent(&c.Measure); err == nil && cpu >= c.CPUMax {
		return "CPU is at or above WithCPUMax"
	}
	return ""
}

// load reports whether the process has load, which the CPU tells for all built-in signals:
// memory and threads have another level in each idle service.
func (m *Monitor) load(c *Config) (load, measured bool) {
	cpu, cores, err := m.Meter.CPUPercent(&c.Measure)
	measured = err == nil && c.Signals[detect.SignalCPU].Enabled
	return !detect.Idle(detect.Sample{Signal: detect.SignalCPU, Value: cpu, Limit: cores}), measured
}

// reconfigure takes over the current configuration. Signals keep their samples.
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
	s := &signalMonitor{signal: name, read: read, expected: m.Expected, suspect: m.Incidents.Suspect, calmed: m.Incidents.Calm, log: m.Scope.Log.With("signal", string(name))}
	all := append([]*signalMonitor(nil), *m.all.Load()...)
	all = append(all, s)
	m.all.Store(&all)
	return s
}

// armLocks keeps locks armed while a signal with mutex profiles is on.
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

// Ticks returns how many ticks were run and missed in this run.
func (m *Monitor) Ticks() (taken, late uint64) { return m.ticks.Load(), m.late.Load() }
