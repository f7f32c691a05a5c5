package delivery

import (
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = time.Second // after a failure; doubles, with full jitter
	longestPause = time.Minute
	longestAfter = 10 * time.Minute // of a Retry-After
)

// PauseAfter returns how long to wait after that many failures in a row, with full
// jitter, so that the instances of a fleet do not retry at the same time. asked is the
// pause that the receiver asked for, with a Retry-After.
func PauseAfter(failures int, err error) (pause, asked time.Duration) {
	ceiling := longestPause
	if failures <= 6 {
		ceiling = min(firstPause<<(failures-1), longestPause)
	}
	pause = 1 + rand.N(ceiling)
	var after interface{ RetryAfter() time.Duration }
	if errors.As(err, &after) {
		asked = min(after.RetryAfter(), longestAfter)
	}
	return max(pause, asked), asked
}
