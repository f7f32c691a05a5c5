package detect

import "time"

const (
	maxBackoff = 5 // doublings of the cool-down: x32
	budgetDay  = 24 * time.Hour
)

// A Limiter keeps a level that stays from being reported again and again: by an
// edge, a back-off, and a budget of events a day.
type Limiter struct {
	Budget int

	Fired     bool // reported, and not yet calm again
	Reported  float64
	CoolUntil time.Duration
	backoff   int
	past      []pastEvent // within a day, for the budget
}

type pastEvent struct {
	at   time.Duration
	code string
}

// Armed reports whether a value may be reported: nothing was since the last
// calm, or it is margin above that. Without a margin it has to be calm first.
func (b *Limiter) Armed(v, margin float64) bool {
	return !b.Fired || (margin > 0 && v >= b.Reported+margin)
}

// Affords reports whether the day's budget has room; the first event of its
// code always passes.
func (b *Limiter) Affords(now time.Duration, code string) bool {
	kept := b.past[:0]
	first := true
	for _, e := range b.past {
		if now-e.at < budgetDay {
			kept = append(kept, e)
			first = first && e.code != code
		}
	}
	b.past = kept
	return first || len(kept) < b.Budget
}

// Reports notes an event.
func (b *Limiter) Reports(now time.Duration, v float64, code string) {
	b.Fired, b.Reported = true, v
	b.past = append(b.past, pastEvent{now, code})
}

// Cool starts a cool-down: twice as long as the last one, unless that has been
// over for as long as the longest takes.
func (b *Limiter) Cool(now, coolDown time.Duration) {
	calm := b.CoolUntil == 0 || now-b.CoolUntil >= coolDown<<maxBackoff
	switch {
	case calm:
		b.backoff = 0
	case b.backoff < maxBackoff:
		b.backoff++
	}
	b.CoolUntil = now + coolDown<<b.backoff
}
