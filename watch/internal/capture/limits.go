package capture

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/humanize"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// Limits bounds the events of a fleet: by target, service and hour, and how many targets
// of a service are captured at the same time. If not all can be captured, those that
// deviate most are, and their events say how many others there were.
type Limits struct {
	config      config.Limits
	gather, gap time.Duration
	now         func() time.Time

	mu    sync.Mutex
	open  map[string]map[*ticket]bool // suspicions by service
	taken map[string][]time.Time      // what was done in the last hour; "" is the captures of the fleet
}

// NewLimits returns the limits of a configuration. now is the clock.
func NewLimits(c config.Limits, now func() time.Time) *Limits {
	return &Limits{
		config: c, gather: time.Duration(c.Gather), gap: time.Duration(c.TargetGap), now: now,
		open: map[string]map[*ticket]bool{}, taken: map[string][]time.Time{},
	}
}

// ticket registers a suspicion. The caller closes it.
func (l *Limits) ticket(service, target string) *ticket {
	t := &ticket{limits: l, service: service, target: target, answer: make(chan answer, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[service] == nil {
		l.open[service] = map[*ticket]bool{}
	}
	l.open[service][t] = true
	return t
}

// settle answers the tickets of a service that wait. If there are more suspicions than can
// be captured, it waits for the verdicts of all of them, unless force is true. l.mu is
// held.
func (l *Limits) settle(service string, force bool) {
	var waiting []*ticket
	undecided, recording := 0, 0
	for t := range l.open[service] {
		switch {
		case t.waiting:
			waiting = append(waiting, t)
		case t.recording:
			recording++
		default:
			undecided++
		}
	}
	free := l.config.ServiceAtOnce - recording
	if !force && undecided > 0 && len(waiting)+undecided > free {
		return
	}
	slices.SortFunc(waiting, func(a, b *ticket) int {
		return cmp.Or(cmp.Compare(b.deviation, a.deviation), cmp.Compare(a.target, b.target))
	})
	for _, t := range waiting {
		t.waiting = false
		if why := l.refuse(t, free); why != nil {
			l.passedOver(t)
			t.answer <- answer{why}
			continue
		}
		free--
		t.recording = true
		for _, key := range l.keys(t) {
			l.taken[key] = append(l.taken[key], l.now())
		}
		t.answer <- answer{}
	}
}

// passedOver counts a ticket that is refused in the events of its service that are being
// captured.
func (l *Limits) passedOver(refused *ticket) {
	for t := range l.open[refused.service] {
		if t.recording && t.target != refused.target {
			t.others++
		}
	}
}

const hour = time.Hour

// These limit how often evidence begins with a suspicion: a signal that flaps must cost
// its target little. It is still judged; its evidence then begins with the verdict.
const (
	begunPerTarget = 12
	begunPerFleet  = 1000
)

// mayBegin reports whether the evidence of a target may begin with a suspicion, and counts
// that it does.
func (l *Limits) mayBegin(target string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	own, all := "begun "+target, "begun"
	if len(l.taken[own]) >= begunPerTarget || len(l.taken[all]) >= begunPerFleet {
		return false
	}
	l.taken[own], l.taken[all] = append(l.taken[own], l.now()), append(l.taken[all], l.now())
	return true
}

// forget removes what was more than an hour ago. l.mu is held.
func (l *Limits) forget() {
	now := l.now()
	for key, times := range l.taken {
		times = slices.DeleteFunc(times, func(at time.Time) bool { return now.Sub(at) >= hour })
		if l.taken[key] = times; len(times) == 0 {
			delete(l.taken, key)
		}
	}
}

// refuse returns why a ticket is not captured, or nil.
func (l *Limits) refuse(t *ticket, free int) *detect.Refusal {
	l.forget()
	now := l.now()
	of := l.taken["target "+t.target]
	if len(of) > 0 {
		if left := l.gap - now.Sub(of[len(of)-1]); left > 0 {
			return &detect.Refusal{Why: fmt.Sprintf("was not captured: the target was captured %s before", humanize.Duration(now.Sub(of[len(of)-1]))), For: left}
		}
	}
	if free <= 0 {
		return &detect.Refusal{Why: fmt.Sprintf("was not captured: %d other targets of the service were, which is the limit", l.config.ServiceAtOnce), For: l.gap}
	}
	for _, bound := range []struct {
		key  string
		most int
		say  string
	}{
		{"target " + t.target, l.config.TargetHour, "the target"},
		{"service " + t.service, l.config.ServiceHour, "its service"},
		{"", l.config.FleetHour, "the fleet"},
	} {
		if used := l.taken[bound.key]; len(used) >= bound.most {
			return &detect.Refusal{
				Why: fmt.Sprintf("was not captured: %s has had its %d events of an hour", bound.say, bound.most),
				For: max(hour-now.Sub(used[0]), time.Second),
			}
		}
	}
	return nil
}

func (l *Limits) keys(t *ticket) []string {
	return []string{"target " + t.target, "service " + t.service, ""}
}
