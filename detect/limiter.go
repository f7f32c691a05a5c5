package detect

import "time"

const (
	maxBackoff = 5 // doublings of the cool-down: x32
	budgetDay  = 24 * time.Hour
)

// A Limiter limits how often a level is reported: by an edge, a back-off, and a
// budget of events a day. A [Detector] has one. The zero Limiter has reported
// nothing and has no budget.
type Limiter struct {
	// Budget is the maximum number of events in 24 hours; see [Limiter.Allows].
	Budget int
	// Fired is true from an event until the caller sets it back, when the signal
	// has calmed down. Reported is the value of that event.
	Fired    bool
	Reported float64
	// CoolUntil is the end of the cool-down, and 0 before the first event.
	CoolUntil time.Duration

	backoff int
	past    []pastEvent // within a day, for the budget
}

type pastEvent struct {
	at   time.Duration
	code string
}

// Armed reports whether a value may be reported: if Fired is false, or if v is at
// least margin above Reported. With a margin of 0 the signal must calm down first.
func (l *Limiter) Armed(v, margin float64) bool {
	return !l.Fired || (margin > 0 && v >= l.Reported+margin)
}

// Allows reports whether the budget of the last 24 hours allows an event. The
// first event of a reason code is always allowed.
func (l *Limiter) Allows(now time.Duration, code string) bool {
	kept := l.past[:0]
	first := true
	for _, e := range l.past {
		if now-e.at < budgetDay {
			kept = append(kept, e)
			first = first && e.code != code
		}
	}
	l.past = kept
	return first || len(kept) < l.Budget
}

// Report counts an event at the value v.
func (l *Limiter) Report(now time.Duration, v float64, code string) {
	l.Fired, l.Reported = true, v
	l.past = append(l.past, pastEvent{now, code})
}

// Cool starts a cool-down that is twice as long as the last one, at most 32 times
// coolDown. After as long a time without an event it starts with coolDown again.
func (l *Limiter) Cool(now, coolDown time.Duration) {
	calm := l.CoolUntil == 0 || now-l.CoolUntil >= coolDown<<maxBackoff
	switch {
	case calm:
		l.backoff = 0
	case l.backoff < maxBackoff:
		l.backoff++
	}
	l.CoolUntil = now + coolDown<<l.backoff
}

// A Refusal is why the caller has not reported an event that a detector has confirmed,
// because it counts the reports of other processes, too.
type Refusal struct {
	Why string // after the name of a signal: "was reported before the restart"
	// For is for how long no event would be reported.
	For time.Duration
	// Level says that the level was reported already, at the value Reported, so that the
	// signal must calm down first.
	Level    bool
	Reported float64
}

// Refuse takes back the last event, which was not reported. The limiter is armed when the
// time of the refusal is over or, if the level was reported already, as after any event.
func (l *Limiter) Refuse(now time.Duration, r *Refusal) {
	l.past = l.past[:max(len(l.past)-1, 0)]
	if l.Fired = r.Level; r.Level {
		l.Reported = max(l.Reported, r.Reported)
	}
	l.CoolUntil = max(l.CoolUntil, now+r.For)
}
