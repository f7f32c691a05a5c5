package monitor

import (
	"errors"
	"fmt"
	"slices"
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

// These bound how often evidence begins with the suspicion. A signal that flaps
// is still judged; its evidence then begins with the verdict.
const (
	provisionalPerHour = 12
	provisionalPeriod  = time.Hour
)

// maxWindow is how many samples an event keeps: more than all at the default
// interval; event.json takes some 15 bytes for each.
const maxWindow = 1000

var errNeverRead = errors.New("no reading yet")

// A signalMonitor is one signal's way through every tick: read, judge, hold, hand
// over to an event. step is called by one goroutine; the others read the view.
type signalMonitor struct {
	signal  detect.Signal
	read    func(now time.Duration) (value, limit float64, err error)
	suspect func(c incident.Cause, deferred bool) *incident.Suspicion // must not block
	log     *supervise.Log

	fast, slow *detect.Detector // slow is nil where there is none
	minute     mean             // of the samples that the slow one gets as one
	events     [2]*incident.Suspicion
	settings   Signal

	provisional []time.Duration // when evidence began with a suspicion
	failures    int
	retryAt     time.Duration
	err         error

	mu   sync.Mutex
	view view
}

// mean gathers the samples of one slow interval.
type mean struct {
	sum   float64
	n     int
	since time.Duration
}

// configure takes over the settings of the signal.
func (m *signalMonitor) configure(c *Config, s Signal) {
	if m.settings.Enabled && !s.Enabled {
		m.drop()
	}
	m.settings = s
	fast := detect.Config{Rule: c.applied(s.Rule), Pace: c.pace(s.Rule), Interval: c.Interval, Budget: c.Budget}
	if m.fast == nil {
		m.fast = detect.New(fast)
	} else {
		m.fast.Change(fast)
	}
	slow := detect.Config{Rule: detect.Slow(s.Slow), Pace: s.Slow.Pace(), Interval: slowEvery, Budget: c.Budget}
	switch wanted := c.Slow && !c.Classic && s.Slow.Diff > 0; {
	case !wanted:
		if m.slow != nil && m.slow.Drop() {
			m.events[1].Dismiss()
		}
		m.slow = nil
	case m.slow == nil:
		m.slow = detect.New(slow)
	default:
		m.slow.Change(slow)
	}
	m.publish(detect.Sample{}, "")
}

// drop ends what is suspected, since the signal is turned off.
func (m *signalMonitor) drop() {
	for i, d := range []*detect.Detector{m.fast, m.slow} {
		if d != nil && d.Drop() {
			m.events[i].Dismiss()
		}
	}
}

// step takes one reading and judges it. A veto is why nothing may be captured
// now, if anything.
func (m *signalMonitor) step(now time.Duration, at time.Time, veto string) {
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
	m.failures, m.err = 0, nil
	s := detect.Sample{Signal: m.signal, Value: value, Limit: limit, At: at}
	m.judge(0, m.fast, now, s, veto)
	m.judgeSlow(now, s, veto)
	m.publish(s, veto)
}

// judgeSlow feeds the slow detector with one mean a minute.
func (m *signalMonitor) judgeSlow(now time.Duration, s detect.Sample, veto string) {
	if m.slow == nil {
		return
	}
	if m.minute.since == 0 {
		m.minute.since = now
	}
	m.minute.sum += s.Value
	m.minute.n++
	if now-m.minute.since < slowEvery {
		return
	}
	s.Value = m.minute.sum / float64(m.minute.n)
	m.minute = mean{since: now}
	m.judge(1, m.slow, now, s, veto)
}

// judge passes a sample to one detector and its outcome to the event.
func (m *signalMonitor) judge(i int, d *detect.Detector, now time.Duration, s detect.Sample, veto string) {
	was := d.Active()
	if e := m.events[i]; e != nil && !was {
		if e.Finished() {
			m.events[i] = nil
		} else if veto == "" {
			veto = "its last event is still being captured"
		}
	}
	out := d.Step(now, s, veto)
	if out == detect.Suspected || out == detect.Confirmed && !was {
		m.events[i] = m.suspect(m.cause(d, now, s), !m.mayBeProvisional(now))
	}
	switch e := m.events[i]; out {
	case detect.Holding:
		e.Again()
	case detect.Dismissed:
		e.Dismiss()
	case detect.Confirmed:
		e.Confirm(m.cause(d, now, s))
		m.rest(d, now)
	}
}

// rest keeps the other detector from reporting the same again.
func (m *signalMonitor) rest(reporting *detect.Detector, now time.Duration) {
	for i, d := range []*detect.Detector{m.fast, m.slow} {
		if d != nil && d != reporting && d.Rest(now) {
			m.events[i].Dismiss()
		}
	}
}

// preempt takes note of an event that the memory watcher has begun.
func (m *signalMonitor) preempt(now time.Duration, level float64) {
	m.drop()
	m.fast.Preempt(now, level, detect.CodeForecast)
	m.rest(m.fast, now)
}

func (m *signalMonitor) cause(d *detect.Detector, now time.Duration, s detect.Sample) incident.Cause {
	held, why := d.Held(now), d.Reason()
	return incident.Cause{
		Signal: m.signal, Onset: s.At.Add(-held),
		Kinds: m.settings.Kinds, Context: m.settings.Context, Stacks: m.settings.Stacks,
		Trigger: event.Trigger{
			Sample: s, Reason: why, Baseline: why.Mean, BaselineOver: d.Reach(), Held: held,
			Window: d.Samples(maxWindow),
		},
	}
}

func (m *signalMonitor) mayBeProvisional(now time.Duration) bool {
	m.provisional = slices.DeleteFunc(m.provisional, func(t time.Duration) bool { return now-t >= provisionalPeriod })
	if len(m.provisional) >= provisionalPerHour {
		return false
	}
	m.provisional = append(m.provisional, now)
	return true
}

// failed notes a reading that failed and when to try the next one.
func (m *signalMonitor) failed(now time.Duration, err error) {
	m.err = err
	if errors.Is(err, measure.ErrOneReading) || errors.Is(err, errNeverRead) {
		return
	}
	m.failures++
	pause := min(time.Second<<min(m.failures, 6), maxRetry)
	m.retryAt = now + pause
	m.log.OnCause("read "+string(m.signal), "%s cannot be read, trying again in %v: %v", m.signal, pause, err)
}
