package capture

import (
	"context"
	"time"

	"github.com/go-holmes/holmes/detect"
)

// A ticket is one suspicion that may ask to be captured.
type ticket struct {
	limits  *Limits
	service string
	target  string

	deviation float64
	waiting   bool
	answer    chan answer // holds one

	recording bool // captured, and not over
	others    int  // targets of the service that were not captured meanwhile
}

// An answer is what a ticket gets.
type answer struct {
	refused *detect.Refusal // nil if it is captured
}

// admit asks for the capture of a confirmed event, the more deviant the sooner. It waits
// for the verdicts of other suspected targets of the service, at most the time to gather,
// unless all of them can be captured.
func (t *ticket) admit(ctx context.Context, deviation float64) *detect.Refusal {
	l := t.limits
	l.mu.Lock()
	t.deviation, t.waiting = deviation, true
	l.settle(t.service, false)
	l.mu.Unlock()
	timer := time.NewTimer(l.gather)
	defer timer.Stop()
	for {
		select {
		case a := <-t.answer:
			return a.refused
		case <-ctx.Done():
			l.mu.Lock()
			t.waiting = false
			l.mu.Unlock()
			return &detect.Refusal{Why: "was not captured, because holmes-watch was stopped", For: l.gap}
		case <-timer.C:
			l.mu.Lock()
			l.settle(t.service, true)
			l.mu.Unlock()
		}
	}
}

// notCaptured returns how many targets of the service were not captured beside this one.
func (t *ticket) notCaptured() int {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	return t.others
}

// close ends the suspicion, and the capture if there is one.
func (t *ticket) close() {
	l := t.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open[t.service], t)
	if len(l.open[t.service]) == 0 {
		delete(l.open, t.service)
	}
	l.settle(t.service, false)
}
