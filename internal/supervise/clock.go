package supervise

import "time"

// A Clock has two times. Mono, which cannot be set, measures durations, so that a
// step of the wall clock moves no cool-down. Wall is for names and output.
type Clock struct {
	Mono func() time.Duration // since a fixed instant; above 0, which means never
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
