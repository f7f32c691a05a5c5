package holmes

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// panicsInARow switch a foreign part off, for panicRest.
	panicsInARow = 5
	panicRest    = time.Minute
)

// errResting is returned instead of calling a part that is switched off.
var errResting = errors.New("switched off for a while after repeated panics")

// errPanicked wraps what foreign code panicked with.
var errPanicked = errors.New("panicked")

// A guard stands between holmes and one piece of foreign code: a reporter, a
// source, a rule, a logger, a label function. It catches panics, counts them,
// and switches the part off for a while when they do not stop. Every call of
// foreign code in the process goes through one.
type guard struct {
	clock clock

	mu     sync.Mutex
	inARow int
	panics uint64
	until  time.Duration // resting until then
}

// call runs f. It returns f's error, errResting without running it, or an
// error that wraps errPanicked.
func (g *guard) call(f func() error) error {
	if g.resting() {
		return errResting
	}
	err := g.protect(f)
	g.account(errors.Is(err, errPanicked))
	return err
}

func (g *guard) protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %s", errPanicked, describe(v))
		}
	}()
	return f()
}

// describe turns a panic's value into words; a value whose own method panics
// must not undo the recover.
func describe(v any) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("a value of type %T", v)
		}
	}()
	return fmt.Sprint(v)
}

func (g *guard) resting() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inARow >= panicsInARow && g.clock.mono() < g.until
}

func (g *guard) account(panicked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !panicked {
		g.inARow = 0
		return
	}
	g.panics++
	if g.inARow++; g.inARow >= panicsInARow {
		g.until = g.clock.mono() + panicRest
	}
}

func (g *guard) count() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.panics
}
