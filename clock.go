package holmes

import "time"

// A clock tells two times. Whatever is measured or waited for uses mono, which
// no one can set; wall is only for what people read and for names. A wall
// clock stepped by years moves no cool-down.
type clock struct {
	mono func() time.Duration // since some fixed instant; above 0, which stands for never
	wall func() time.Time
}

func systemClock() clock {
	base := time.Now().Add(-1)
	return clock{
		mono: func() time.Duration { return time.Since(base) },
		wall: time.Now,
	}
}
