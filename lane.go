package holmes

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Pauses after a reading that failed: they double from one interval to
// maxRetry, so that a dead source costs nothing and a mended one is seen.
const maxRetry = time.Minute

// These bound how often evidence begins with the suspicion. A signal that flaps
// is still judged; its evidence then begins with the confirmation.
const (
	provisionalPerHour = 12
	provisionalPeriod  = time.Hour
)

// A lane is one signal's way through every tick: read, judge, hold, hand over
// to an inquiry. It is the only copy of that, for every signal. step is called
// by one goroutine; what others may know is in view.
type lane struct {
	signal Signal
	read   func(now time.Duration) (value, limit float64, err error)
	open   func(f *finding, quiet bool) *inquiry // must not block
	log    *supervise.Log

	fast, slow *detect.Detector // slow is nil where there is none
	minute     mean             // of the samples that the slow one gets as one
	cases      [2]*inquiry
	kinds      []Kind
	enabled    bool

	provisional []time.Duration // when evidence began with a suspicion
	failures    int
	retryAt     time.Duration
	err         error

	mu   sync.Mutex
	view laneView
}

// mean gathers the samples of one slow interval.
type mean struct {
	sum   float64
	n     int
	since time.Duration
}

// A finding is what a lane tells an inquiry: the sample and what the rule held
// against it.
type finding struct {
	signal  Signal
	kinds   []Kind
	onset   time.Time // of the first suspicious sample
	trigger Trigger
}

// step takes one reading and judges it. veto is why nothing may be captured
// now, if anything.
func (l *lane) step(now time.Duration, at time.Time, veto string) {
	if !l.enabled || now < l.retryAt {
		l.publish(Sample{}, veto)
		return
	}
	value, limit, err := l.read(now)
	if err == nil && !(detect.Finite(value) && detect.Finite(limit)) {
		err = fmt.Errorf("value %v of limit %v is no number", value, limit)
	}
	if err != nil {
		l.failed(now, err)
		l.publish(Sample{}, veto)
		return
	}
	l.failures, l.err = 0, nil
	s := Sample{Signal: l.signal, Value: value, Limit: limit, At: at}
	l.judge(0, l.fast, now, s, veto)
	l.judgeSlow(now, s, veto)
	l.publish(s, veto)
}

// judgeSlow feeds the slow detector with one mean a minute.
func (l *lane) judgeSlow(now time.Duration, s Sample, veto string) {
	if l.slow == nil {
		return
	}
	if l.minute.since == 0 {
		l.minute.since = now
	}
	l.minute.sum += s.Value
	l.minute.n++
	if now-l.minute.since < slowEvery {
		return
	}
	s.Value = l.minute.sum / float64(l.minute.n)
	l.minute = mean{since: now}
	l.judge(1, l.slow, now, s, veto)
}

// judge passes a sample to one detector and its outcome to the inquiry.
func (l *lane) judge(i int, d *detect.Detector, now time.Duration, s Sample, veto string) {
	if c := l.cases[i]; c != nil && !d.Active() {
		if c.finished() {
			l.cases[i] = nil
		} else if veto == "" {
			veto = "its last event is still being captured"
		}
	}
	was := d.Active()
	out := d.Step(now, s, veto)
	if out == detect.Suspected || out == detect.Confirmed && !was {
		l.cases[i] = l.open(l.finding(d, now, s), !l.mayBeProvisional(now))
	}
	switch c := l.cases[i]; out {
	case detect.Holding:
		c.again()
	case detect.Dismissed:
		c.dismiss()
	case detect.Confirmed:
		c.confirm(l.finding(d, now, s))
		l.rest(d, now)
	}
}

// rest keeps the other detector from reporting the same again.
func (l *lane) rest(reporting *detect.Detector, now time.Duration) {
	for i, d := range []*detect.Detector{l.fast, l.slow} {
		if d == nil || d == reporting {
			continue
		}
		if d.Rest(now) {
			l.cases[i].dismiss()
		}
	}
}

// overtaken takes note of an event that the memory watcher has begun.
func (l *lane) overtaken(now time.Duration, level float64) {
	l.drop()
	l.fast.Preempt(now, level, CodeForecast)
	l.rest(l.fast, now)
}

func (l *lane) finding(d *detect.Detector, now time.Duration, s Sample) *finding {
	held, why := d.Held(now), d.Reason()
	return &finding{
		signal: l.signal, kinds: l.kinds, onset: s.At.Add(-held),
		trigger: Trigger{
			Sample: s, Reason: why, Baseline: why.Mean, BaselineOver: d.Reach(), Held: held,
			Window: d.Samples(maxWindow),
		},
	}
}

// maxWindow is how many samples an event keeps: more than all at the default
// interval; event.json takes some 15 bytes for each.
const maxWindow = 1000

func (l *lane) mayBeProvisional(now time.Duration) bool {
	l.provisional = slices.DeleteFunc(l.provisional, func(t time.Duration) bool { return now-t >= provisionalPeriod })
	if len(l.provisional) >= provisionalPerHour {
		return false
	}
	l.provisional = append(l.provisional, now)
	return true
}

// failed notes a reading that failed and when to try the next one. The lane
// goes on.
func (l *lane) failed(now time.Duration, err error) {
	l.err = err
	if errors.Is(err, measure.ErrOneReading) || errors.Is(err, errNeverRead) {
		return
	}
	l.failures++
	pause := min(time.Second<<min(l.failures, 6), maxRetry)
	l.retryAt = now + pause
	l.log.OnCause("read "+string(l.signal), "%s cannot be read, trying again in %v: %v", l.signal, pause, err)
}
