package holmes

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/detect"
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
	fast    detect.View
	slow    detect.View
	hasSlow bool
}

func (l *lane) publish(s Sample, veto string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &l.view
	v.enabled, v.err, v.veto = l.enabled, l.err, veto
	if s.Signal != "" { // else the last one that succeeded stays
		v.sample, v.read = s, true
	}
	v.fast = l.fast.View()
	if v.hasSlow = l.slow != nil; v.hasSlow {
		v.slow = l.slow.View()
	}
}

func (l *lane) look() laneView {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view
}

// whyNot is the answer to "why is there no event?", in one sentence.
func (v laneView) whyNot(name Signal, now time.Duration) string {
	switch {
	case !v.enabled:
		return detect.Title(name) + ": disabled"
	case v.err != nil:
		return fmt.Sprintf("%s cannot be read: %v", detect.Title(name), v.err)
	case !v.read:
		return detect.Title(name) + ": " + errNeverRead.Error()
	}
	said := v.fast.WhyNot(v.sample, now, v.veto)
	if v.hasSlow && v.slow.Active {
		said += fmt.Sprintf("; the slow rule has held %s of %s", humanize.Duration(now-v.slow.Since), humanize.Duration(v.slow.Hold))
	}
	return said
}
