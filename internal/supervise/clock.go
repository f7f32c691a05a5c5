package supervise

import "time"

// A Clock tells two times. Durations are measured with Mono, which cannot be
// set. Wall is for names and for people: a wall clock stepped by years moves no
// cool-down.
type Clock struct {
	Mono func() time.Duration // since a fixed instant; above 0, which stands for never
	Wall func() time.Time
}

// SystemClock returns the clock of the machine.
func SystemClock() Clock {
	base := time.Now().Add(-1)
	return Clock{
		Mono: func() time.Duration { return time.Since(base) },
		Wall: time.Now,
	}
}
