package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = time.Second // after a failure; doubles, with full jitter
	longestPause = time.Minute
	longestAfter = 10 * time.Minute // of a Retry-After
	longestMend  = 5 * time.Minute  // after a refusal that can be mended

	// Of an event whose answer came too late, and that may have arrived.
	firstLate, longestLate = time.Minute, 10 * time.Minute
)

// What an error of a Reporter may say about the next try.
type (
	retryAfter interface {
		error
		RetryAfter() time.Duration
	}
	canMend interface {
		error
		Mendable() bool
	}
)

// PauseAfter returns how long to wait after that many failures in a row, with full
// jitter, so that the instances of a fleet do not retry at the same time. asked is the
// pause that the receiver asked for, with a Retry-After.
func PauseAfter(failures int, err error) (pause, asked time.Duration) {
	longest := longestPause
	if mendable(err) {
		longest = longestMend
	}
	pause = 1 + rand.N(doubled(firstPause, longest, failures))
	if after, ok := errors.AsType[retryAfter](err); ok {
		asked = min(after.RetryAfter(), longestAfter)
	}
	return max(pause, asked), asked
}

// rest returns how long an event is not tried that has failed with err, failures
// times in this way: it is the event that may be at fault, and the others go on.
func rest(failures int, err error) time.Duration {
	var ceiling time.Duration
	switch {
	case mendable(err):
		ceiling = doubled(firstPause, longestMend, failures)
	case late(err):
		ceiling = doubled(firstLate, longestLate, failures)
	default:
		return 0
	}
	return ceiling/2 + rand.N(ceiling/2)
}

// doubled returns the first duration, doubled with each failure up to the longest.
func doubled(first, longest time.Duration, failures int) time.Duration {
	if failures > 10 {
		return longest
	}
	return min(first<<(failures-1), longest)
}

// mendable reports whether an error is a refusal that ends with a change of a
// configuration.
func mendable(err error) bool {
	m, ok := errors.AsType[canMend](err)
	return ok && m.Mendable()
}

// late reports whether an event may have arrived although its call failed.
func late(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
