// Package hourshare bounds recordings to a tenth of any hour. A Go process has one
// CPU profiler and one flight recorder, which the application finds free in the rest.
package hourshare

import "time"

const (
	period = time.Hour
	share  = period / 10
)

// An Account has the recordings of the last hour. The zero value is empty.
type Account struct {
	spans []span
}

type span struct {
	start time.Time
	took  time.Duration
}

// Add adds a recording.
func (a *Account) Add(start time.Time, took time.Duration) {
	a.spans = append(a.spans, span{start, took})
}

// Exhausted reports whether the recordings that began within the last hour, and one
// that has been running for so long, have used up the share.
func (a *Account) Exhausted(now time.Time, running time.Duration) bool {
	kept := a.spans[:0]
	for _, s := range a.spans {
		if now.Sub(s.start) < period {
			kept = append(kept, s)
			running += s.took
		}
	}
	a.spans = kept
	return running >= share
}
