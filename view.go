package holmes

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

// A laneView is what others than its own goroutine may know of a lane: plain
// values, copied once a tick without an allocation.
type laneView struct {
	enabled bool
	sample  Sample
	read    bool // sample holds a reading
	err     error
	veto    string
	fast    detectorView
	slow    detectorView
	hasSlow bool
}

type detectorView struct {
	why       Reason
	mean      float64
	samples   int
	active    bool
	since     time.Duration
	hold      time.Duration
	fires     bool
	armed     bool
	reported  float64
	coolUntil time.Duration
	spent     int
	budget    int
}

func (l *lane) publish(s Sample, veto string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &l.view
	v.enabled, v.err, v.veto = l.enabled, l.err, veto
	if s.Signal != "" { // else the last one that succeeded stays
		v.sample, v.read = s, true
	}
	l.fast.show(&v.fast)
	if v.hasSlow = l.slow != nil; v.hasSlow {
		l.slow.show(&v.slow)
	}
}

func (l *lane) look() laneView {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view
}

func (d *detector) show(v *detectorView) {
	v.why, v.fires = d.why, d.fires
	v.mean, v.samples = d.ring.Mean(), d.ring.Len()
	v.active, v.since, v.hold = d.active, d.since, d.pace.Hold
	v.armed, v.reported, v.coolUntil = !d.fired, d.reported, d.coolUntil
	v.spent, v.budget = len(d.past), d.budget
}

// whyNot is the answer to "why is there no event?", in one sentence.
func (v laneView) whyNot(name Signal, now time.Duration) string {
	switch {
	case !v.enabled:
		return title(name) + ": disabled"
	case v.err != nil:
		return fmt.Sprintf("%s cannot be read: %v", title(name), v.err)
	case !v.read:
		return title(name) + ": " + errNeverRead.Error()
	}
	said := v.fast.whyNot(v.sample, now, v.veto)
	if v.hasSlow && v.slow.active {
		said += fmt.Sprintf("; the slow rule has held %s of %s", humanize.Duration(now-v.slow.since), humanize.Duration(v.slow.hold))
	}
	return said
}

func (d detectorView) whyNot(s Sample, now time.Duration, veto string) string {
	value := title(s.Signal) + " " + unitOf(s).format(s.Value)
	switch {
	case d.active:
		return fmt.Sprintf("%s: suspected, held %s of %s", value, humanize.Duration(now-d.since), humanize.Duration(d.hold))
	case !d.fires && d.why.Code == codeWarming:
		return fmt.Sprintf("%s: warming up, %d of %d samples", value, d.samples, warmup)
	case !d.fires:
		return d.why.whyNot(s)
	case veto != "":
		return fmt.Sprintf("%s fires, but %s", value, veto)
	case now < d.coolUntil:
		return fmt.Sprintf("%s fires, but is cooling down %s more", value, humanize.Duration(d.coolUntil-now))
	case !d.armed:
		return fmt.Sprintf("%s fires, but was reported at %s and has not been back to normal since", value, unitOf(s).format(d.reported))
	case d.spent >= d.budget:
		return fmt.Sprintf("%s fires, but is over its budget of %d events a day", value, d.budget)
	default:
		return value + " fires"
	}
}
