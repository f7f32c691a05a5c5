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

// PauseAfter returns how long to wait when so many tries have failed in a row:
// full jitter, so that the instances of a fleet do not come back all at once.
// asked is how long the receiver asked for.
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
