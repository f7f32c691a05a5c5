package monitor

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// maxRetry bounds the pauses after a reading that failed. They double from one
// second on, so that a dead source costs nothing and a mended one is seen.
const maxRetry = time.Minute

// These limit how often evidence begins with a suspicion. A signal that flaps is
// still judged; its evidence then begins with the verdict.
const (
	provisionalPerHour = 12
	provisionalPeriod  = time.Hour
)

// maxWindow is the maximum number of samples in an event: more than a window has at
// the default interval. A sample takes some 15 bytes in event.json.
const maxWindow = 1000

var errNeverRead = errors.New("no reading yet")

// A signalMonitor takes one signal through every tick: it reads, judges, and begins
// or ends a suspicion. One goroutine calls step; others read the view.
type signalMonitor struct {
	signal   detect.Signal
	read     func(now time.Duration) (value, limit float64, err error)
	expected func(detect.Signal) float64
	suspect  func(c *incident.Cause, deferred bool) *incident.Suspicion // must not block
	calmed   func(detect.Signal)                                        // the same
	log      *supervise.Log

	pair       detect.Pair
	fast, slow *incident.Suspicion // the latest event of each detector
	settings   Signal
	young      bool // the grace after the start may last
	calm       calmness

	provisional []time.Duration // times when evidence began with a suspicion
	failures    int
	retryAt     time.Duration
	err         error

	mu   sync.Mutex
	view view
}

// configure takes over the settings of the signal.
func (m *signalMonitor) configure(c *Config, s Signal) {
	if m.settings.Enabled && !s.Enabled {
		m.drop()
	}
	m.settings, m.young = s, true
	slow := s.Slow
	if !c.Slow || c.Classic {
		slow = detect.Threshold{}
	}
	dropped, err := m.pair.Change(c.detector(s.Rule), slow)
	if err != nil { // a bug, since Check has accepted it
		m.settings.Enabled = false
		m.log.OnCause("rule of "+string(m.signal), "%s is turned off: %v", m.signal, err)
		return
	}
	if dropped {
		m.slow.Dismiss()
	}
	m.publish(detect.Sample{}, "")
}

// drop dismisses what is suspected.
func (m *signalMonitor) drop() {
	if m.pair.Fast.Drop() {
		m.fast.Dismiss()
	}
	if m.pair.Slow != nil && m.pair.Slow.Drop() {
		m.slow.Dismiss()
	}
}

// step takes one reading and judges it.
func (m *signalMonitor) step(t tick) {
	now, veto := t.now, t.veto
	if !m.settings.Enabled || now < m.retryAt {
		m.publish(detect.Sample{}, veto)
		return
	}
	value, limit, err := m.read(now)
	if err == nil && !(detect.Finite(value) && detect.Finite(limit)) {
		err = fmt.Errorf("value %v of limit %v is no number", value, limit)
	}
	if err != nil {
		m.failed(now, err)
		m.publish(detect.Sample{}, veto)
		return
	}
	if m.failures > 0 {
		m.log.End("read "+string(m.signal), "%s can be read again", m.signal)
	}
	m.failures, m.err = 0, nil
	if m.young {
		m.young = m.pair.Fast.Expect(m.expected(m.signal))
		if t.measured {
			m.pair.Fast.Load(t.load)
		}
	}
	s := detect.Sample{Signal: m.signal, Value: value, Limit: limit, At: t.at}
	m.pair.Step(now, s, func(d *detect.Detector, s detect.Sample) { m.judge(d, now, s, veto) })
	if m.calm.step(now, m.pair.Fast) {
		m.calmed(m.signal)
	}
	m.publish(s, veto)
}

// judge passes a sample to one detector, and the outcome to its event.
func (m *signalMonitor) judge(d *detect.Detector, now time.Duration, s detect.Sample, veto string) {
	mine, other := &m.fast, &m.slow
	if d == m.pair.Slow {
		mine, other = other, mine
	}
	was := d.Active()
	if *mine != nil && !was {
		if (*mine).Finished() {
			if r := (*mine).Refusal(); r != nil {
				d.Refuse(now, *r)
			}
			*mine = nil
		} else if veto == "" {
			veto = "its last event is still being captured"
		}
	}
	if veto == paused && !was {
		d.Look(s) // a load test is no normal, so it is not learnt
		return
	}
	out := d.Step(now, s, veto)
	if out == detect.Suspected || out == detect.Confirmed && !was {
		*mine = m.suspect(m.cause(d, now, s), !m.mayBeProvisional(now))
	}
	switch e := *mine; out {
	case detect.Holding:
		e.HoldsAgain()
	case detect.Dismissed:
		e.Dismiss()
	case detect.Confirmed:
		e.Confirm(m.cause(d, now, s))
		if m.pair.Rest(now, d) {
			(*other).Dismiss()
		}
	}
}

// calmTime is for how long a signal must be calm after the start to be back to normal
// after what was reported before: each run of a crash loop begins calm.
const calmTime = 3 * time.Minute

// A calmness knows since when a signal is calm.
type calmness struct {
	since time.Duration // 0 while it is not
	fired bool          // since the last event
	told  bool          // that it is back to normal
}

// step reports whether the signal is back to normal now: after an event of this run, or for
// the first time after the start.
func (c *calmness) step(now time.Duration, d *detect.Detector) (normal bool) {
	switch {
	case !d.Calm():
		c.since, c.fired = 0, c.fired || !d.Armed()
		return false
	case c.since == 0:
		c.since = now
	}
	if normal = c.fired || !c.told && now-c.since >= calmTime; normal {
		c.fired, c.told = false, true
	}
	return normal
}

// A preemption is an event of the memory watcher that has begun at a level, or its refusal.
type preemption struct {
	level   float64
	refused *detect.Refusal
}

// preempt counts an event that the memory watcher has begun.
func (m *signalMonitor) preempt(now time.Duration, p preemption) {
	if p.refused != nil {
		m.pair.Fast.Refuse(now, *p.refused)
		return
	}
	m.drop()
	m.pair.Fast.Preempt(now, p.level, detect.CodeForecast)
	m.pair.Rest(now, m.pair.Fast)
}

func (m *signalMonitor) cause(d *detect.Detector, now time.Duration, s detect.Sample) *incident.Cause {
	held, why := d.Held(now), d.Reason()
	return &incident.Cause{
		Signal: m.signal, Onset: s.At.Add(-held),
		Kinds: m.settings.Kinds, Context: m.settings.Context, Stacks: m.settings.Stacks,
		Trigger: event.Trigger{
			Sample: s, Reason: why, Baseline: why.Mean, BaselineOver: d.Reach(), Held: held,
			Window: d.Samples(maxWindow),
		},
	}
}

// mayBeProvisional reports whether evidence may begin with a suspicion at now, and
// counts that it does.
func (m *signalMonitor) mayBeProvisional(now time.Duration) bool {
	for len(m.provisional) > 0 && now-m.provisional[0] >= provisionalPeriod {
		m.provisional = m.provisional[1:] // they are in order
	}
	if len(m.provisional) >= provisionalPerHour {
		return false
	}
	m.provisional = append(m.provisional, now)
	return true
}

// failed records a reading that failed and when to try the next one.
func (m *signalMonitor) failed(now time.Duration, err error) {
	m.err = err
	if errors.Is(err, measure.ErrOneReading) || errors.Is(err, errNeverRead) {
		return
	}
	m.failures++
	pause := min(time.Second<<min(m.failures, 6), maxRetry)
	m.retryAt = now + pause
	m.log.Begin("read "+string(m.signal), "%s cannot be read, trying again in %v: %v", m.signal, pause, err)
}
