package supervise

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// panicsInARow open a breaker, for restTime.
	panicsInARow = 5
	restTime     = time.Minute
)

// errResting is returned while the breaker is open.
var errResting = errors.New("switched off for a while after repeated panics")

// errPanicked wraps the value that foreign code panicked with.
var errPanicked = errors.New("panicked")

// A Breaker is the circuit breaker around one piece of foreign code: a reporter,
// a source, a rule, a logger, a label function. It recovers panics, counts
// them, and stops calling for a minute after five in a row. All foreign code in
// the process is called through a Breaker.
type Breaker struct {
	clock Clock

	mu     sync.Mutex
	inARow int
	panics uint64
	until  time.Duration // open until then
}

// NewBreaker returns a closed breaker.
func NewBreaker(c Clock) *Breaker { return &Breaker{clock: c} }

// Call runs f and returns its error. A panic of f is returned as an error. While the
// breaker is open, Call returns an error and does not run f.
func (b *Breaker) Call(f func() error) error {
	if b.Resting() {
		return errResting
	}
	err := Protect(f)
	b.account(errors.Is(err, errPanicked))
	return err
}

// Protect runs f and returns its error. A panic of f is returned as an error.
func Protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %s", errPanicked, panicText(v))
		}
	}()
	return f()
}

// panicText returns the value of a panic as text. The String or Error method of the
// value may panic itself.
func panicText(v any) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("a value of type %T", v)
		}
	}()
	return fmt.Sprint(v)
}

// Resting reports whether the breaker is open.
func (b *Breaker) Resting() bool {
	b.mu.Lock()
	resting := b.inARow >= panicsInARow && b.clock.Mono() < b.until
	b.mu.Unlock()
	return resting
}

func (b *Breaker) account(panicked bool) {
	b.mu.Lock()
	if panicked {
		b.panics++
		b.inARow++
	} else {
		b.inARow = 0
	}
	if b.inARow >= panicsInARow {
		b.until = b.clock.Mono() + restTime
	}
	b.mu.Unlock()
}

// Panics returns how many calls have panicked.
func (b *Breaker) Panics() uint64 {
	b.mu.Lock()
	n := b.panics
	b.mu.Unlock()
	return n
}
