package flight

import "time"

// A meter measures the rate of the trace.
type meter struct {
	recorder Recorder
	half     uint64 // of the ring

	rate float64 // bytes per second
	last uint64  // the latest part that was counted
	ends []partEnd

	at       time.Time // of the last measurement, or of the start
	bound    uint64    // at that time
	interval time.Duration
	took     time.Duration
}

// A partEnd is the end of a part.
type partEnd struct {
	part uint64
	at   time.Time
}

const (
	// maxInterval is how often the ring is measured while little is traced. The runtime
	// begins a new part as often by itself.
	maxInterval = time.Second
	// measureShare bounds the part of the time that goes into measuring.
	measureShare = 20
)

func newMeter(r Recorder, s Settings, now time.Time) meter {
	return meter{
		recorder: r, half: uint64(s.MaxBytes) / 2,
		at: now, bound: r.Bound(), interval: pollInterval, ends: []partEnd{{0, now}},
	}
}

// due reports whether it is time to measure.
func (m *meter) due(now time.Time) bool {
	since := now.Sub(m.at)
	if since < measureShare*m.took {
		return false
	}
	return since >= m.interval || m.recorder.Bound()-m.bound >= m.half
}

// measured evaluates an outline, and returns how many of its bytes are new.
func (m *meter) measured(v *outline, took time.Duration) (fresh int64) {
	over, bound := v.at.Sub(m.at), m.recorder.Bound()
	fresh = v.after(m.last)
	if v.malformed {
		// The new part is unknown, so this is an upper bound.
		fresh = min(fresh, int64(bound-m.bound))
	}
	if over >= pollInterval { // a shorter time has mostly what each part begins with
		m.rate = float64(fresh) / over.Seconds()
	}
	m.last = max(m.last, v.last())
	m.noteEnd(v)
	m.took, m.at, m.bound = took, v.at, bound
	m.interval = min(2*m.interval, maxInterval)
	return fresh
}

// noteEnd notes when the latest part ended, and forgets parts that the ring has lost.
func (m *meter) noteEnd(v *outline) {
	for len(m.ends) > 1 && m.ends[1].part < v.first() {
		m.ends = m.ends[1:]
	}
	m.ends = append(m.ends, partEnd{m.last, v.at})
}

// began returns when a part began, or an earlier time.
func (m *meter) began(part uint64) (at time.Time) {
	for _, end := range m.ends {
		if at.IsZero() || end.part < part {
			at = end.at
		}
	}
	return at
}
