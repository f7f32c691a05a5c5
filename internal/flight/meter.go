package flight

import "time"

// A meter finds out what the recorder costs.
type meter struct {
	recorder Recorder
	half     uint64 // of the ring

	rate  float64 // bytes per second
	last  uint64  // the latest part that was counted
	marks []mark

	at    time.Time // of the last measurement, or of the start
	bound uint64    // then
	every time.Duration
	took  time.Duration
}

// A mark is when a part was the latest.
type mark struct {
	part uint64
	at   time.Time
}

const (
	// mostEvery is how often the ring is measured in quiet times. The runtime
	// begins a new part as often by itself.
	mostEvery = time.Second
	// measureShare bounds the part of the time that goes into measuring.
	measureShare = 20
)

func newMeter(r Recorder, s Settings, now time.Time) meter {
	return meter{
		recorder: r, half: uint64(s.MaxBytes) / 2,
		at: now, bound: r.Bound(), every: lookEvery, marks: []mark{{0, now}},
	}
}

// due reports whether it is time to measure.
func (m *meter) due(now time.Time) bool {
	since := now.Sub(m.at)
	if since < measureShare*m.took {
		return false
	}
	return since >= m.every || m.recorder.Bound()-m.bound >= m.half
}

// measured takes up a survey, and returns how many bytes are new in it.
func (m *meter) measured(v *survey, took time.Duration) (fresh int64) {
	over, bound := v.at.Sub(m.at), m.recorder.Bound()
	fresh = v.after(m.last)
	if v.strange {
		// Nobody knows what is new in it, so rather too much than too little.
		fresh = min(fresh, int64(bound-m.bound))
	}
	if over >= lookEvery { // else it is what each part begins with, no rate
		m.rate = float64(fresh) / over.Seconds()
	}
	m.last = max(m.last, v.last())
	m.mark(v)
	m.took, m.at, m.bound = took, v.at, bound
	m.every = min(2*m.every, mostEvery)
	return fresh
}

// mark notes when the latest part ended, and forgets what the ring has forgotten.
func (m *meter) mark(v *survey) {
	for len(m.marks) > 1 && m.marks[1].part < v.first() {
		m.marks = m.marks[1:]
	}
	m.marks = append(m.marks, mark{m.last, v.at})
}

// began returns when a part began, or somewhat earlier.
func (m *meter) began(part uint64) (at time.Time) {
	for _, mark := range m.marks {
		if at.IsZero() || mark.part < part {
			at = mark.at
		}
	}
	return at
}
