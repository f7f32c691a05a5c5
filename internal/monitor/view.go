package monitor

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/humanize"
)

// A view is a signal's state for other goroutines: plain values, copied once a tick
// without an allocation.
type view struct {
	enabled bool
	sample  detect.Sample
	read    bool // sample is a reading
	err     error
	veto    string
	fast    detect.View
	slow    detect.View
	hasSlow bool
}

// A View is the state of a signal as of its last tick.
type View struct {
	Signal             detect.Signal
	Enabled            bool
	Value, Limit, Mean float64
	State              string
	WhyNot             string
	Err                error
	Panics             uint64 // of a user's source
}

func (m *signalMonitor) publish(s detect.Sample, veto string) {
	m.mu.Lock()
	v := &m.view
	v.enabled, v.err, v.veto = m.settings.Enabled, m.err, veto
	if s.Signal != "" { // else the last one that succeeded stays
		v.sample, v.read = s, true
	}
	v.fast = m.pair.Fast.View()
	if v.hasSlow = m.pair.Slow != nil; v.hasSlow {
		v.slow = m.pair.Slow.View()
	}
	m.mu.Unlock()
}

func (m *signalMonitor) latest() view {
	m.mu.Lock()
	now := m.view
	m.mu.Unlock()
	return now
}

// whyNot says in one sentence why there is no event.
func (v *view) whyNot(name detect.Signal, now time.Duration) string {
	switch {
	case !v.enabled:
		return detect.Title(name) + ": disabled"
	case v.err != nil:
		return fmt.Sprintf("%s cannot be read: %v", detect.Title(name), v.err)
	case !v.read:
		return detect.Title(name) + ": " + errNeverRead.Error()
	}
	out := v.fast.WhyNot(v.sample, now, v.veto)
	if v.hasSlow && v.slow.Active {
		out += fmt.Sprintf("; the slow rule has held %s of %s", humanize.Duration(now-v.slow.Since), humanize.Duration(v.slow.Hold))
	}
	return out
}

func (v *view) suspects() bool { return v.fast.Active || (v.hasSlow && v.slow.Active) }

func (v *view) state(now time.Duration) string {
	switch {
	case !v.enabled:
		return detect.StateDisabled
	case v.suspects():
		return detect.StateSuspected
	}
	return v.fast.State(now, v.read)
}

// Views returns the state of all signals, in their order.
func (m *Monitor) Views() (out []View) {
	now, c := m.Scope.Clock.Mono(), m.Config()
	for _, s := range *m.all.Load() {
		v := s.latest()
		view := View{
			Signal: s.signal, Enabled: v.enabled, Value: v.sample.Value, Limit: v.sample.Limit, Mean: v.fast.Mean,
			State: v.state(now), WhyNot: v.whyNot(s.signal, now), Err: v.err,
		}
		if src := c.Signals[s.signal].Source; src != nil {
			view.Panics = src.breaker.Panics()
		}
		out = append(out, view)
	}
	return out
}

// Means returns the mean of each signal in its unit, but for those in the grace after
// the start.
func (m *Monitor) Means() map[detect.Signal]float64 {
	means := map[detect.Signal]float64{}
	for _, s := range *m.all.Load() {
		if v := s.latest(); v.enabled && v.read && !v.fast.Young {
			means[s.signal] = v.fast.Mean
		}
	}
	return means
}

// Calm reports whether nothing is suspected, cooling down or vetoed.
func (m *Monitor) Calm() bool {
	if m.vetoed.Load() {
		return false
	}
	now := m.Scope.Clock.Mono()
	for _, s := range *m.all.Load() {
		if v := s.latest(); v.enabled && v.read && v.err == nil && v.state(now) != detect.StateCalm {
			return false
		}
	}
	return true
}
