package holmes

import "time"

const (
	maxBackoff = 5 // doublings of the cool-down: x32
	budgetDay  = 24 * time.Hour
)

// A brake keeps what goes on from being reported again and again: an edge, a
// back-off, and a budget of events a day.
type brake struct {
	budget int

	fired     bool // reported, and not yet calm again
	reported  float64
	coolUntil time.Duration
	backoff   int
	past      []pastEvent // within a day, for the budget
}

type pastEvent struct {
	at   time.Duration
	code string
}

// armed reports whether a value may be reported: nothing was since the last
// calm, or it is margin above that. Without a margin it has to be calm first.
func (b *brake) armed(v, margin float64) bool {
	return !b.fired || (margin > 0 && v >= b.reported+margin)
}

// affords reports whether the day's budget has room; the first event of its
// code always passes.
func (b *brake) affords(now time.Duration, code string) bool {
	kept := b.past[:0]
	first := true
	for _, e := range b.past {
		if now-e.at < budgetDay {
			kept = append(kept, e)
			first = first && e.code != code
		}
	}
	b.past = kept
	return first || len(kept) < b.budget
}

// reports notes an event.
func (b *brake) reports(now time.Duration, v float64, code string) {
	b.fired, b.reported = true, v
	b.past = append(b.past, pastEvent{now, code})
}

// cool starts a cool-down: twice as long as the last one, unless that has been
// over for as long as the longest takes.
func (b *brake) cool(now, coolDown time.Duration) {
	calm := b.coolUntil == 0 || now-b.coolUntil >= coolDown<<maxBackoff
	switch {
	case calm:
		b.backoff = 0
	case b.backoff < maxBackoff:
		b.backoff++
	}
	b.coolUntil = now + coolDown<<b.backoff
}
