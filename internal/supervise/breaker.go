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

// ErrResting is returned by [Breaker.Call] without a call while the breaker is
// open.
var ErrResting = errors.New("switched off for a while after repeated panics")

// ErrPanicked wraps the value that foreign code panicked with.
var ErrPanicked = errors.New("panicked")

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

// Call runs f. It returns the error of f, [ErrResting] without a call, or an
// error that wraps [ErrPanicked].
func (b *Breaker) Call(f func() error) error {
	if b.Resting() {
		return ErrResting
	}
	err := Protect(f)
	b.account(errors.Is(err, ErrPanicked))
	return err
}

// Protect runs f once. It returns the error of f, or one that wraps
// [ErrPanicked].
func Protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %s", ErrPanicked, panicText(v))
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
	defer b.mu.Unlock()
	return b.inARow >= panicsInARow && b.clock.Mono() < b.until
}

func (b *Breaker) account(panicked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !panicked {
		b.inARow = 0
		return
	}
	b.panics++
	if b.inARow++; b.inARow >= panicsInARow {
		b.until = b.clock.Mono() + restTime
	}
}

// Panics returns how many calls have panicked.
func (b *Breaker) Panics() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.panics
}
