package eventstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

const (
	// patience is how long an operation may take before its disk counts as one that
	// does not answer. A store waits for 2 s for a directory that another process has
	// locked, which is an answer; Stop waits for 5 s in all.
	patience = 3 * time.Second
	// Brief is how long a caller waits that has no time: Start, and a capture whose
	// context is done.
	Brief = 50 * time.Millisecond
	// maxCalls is how many operations a disk has at a time. So many goroutines are
	// held at most while it does not answer.
	maxCalls = 4
)

// ErrNoAnswer is returned for an operation on a disk that does not answer.
var ErrNoAnswer = errors.New("the disk does not answer")

// A gate is the only way to one disk. Each operation runs in a goroutine of its own, so
// that a disk that hangs holds that goroutine and not the caller. While an operation
// takes longer than patience, all others fail at once.
type gate struct {
	bugs  *supervise.Bugs
	clock supervise.Clock
	slots chan struct{}
	// begins and ends are called when the disk stops answering, and when it answers
	// again.
	begins func()
	ends   func(after time.Duration)

	mu    sync.Mutex    // not held while a disk works
	hung  int           // operations that have taken longer than patience
	shut  chan struct{} // closed while hung is not 0
	since time.Duration // mono of the first of them
	owed  []func()      // operations to run when the disk answers again
}

func newGate(clock supervise.Clock, bugs *supervise.Bugs, begins func(), ends func(time.Duration)) *gate {
	return &gate{
		bugs: bugs, clock: clock, begins: begins, ends: ends,
		slots: make(chan struct{}, maxCalls), shut: make(chan struct{}),
	}
}

// A call is one operation. Its outcome belongs to the caller or, once that has given up
// waiting, to the operation.
type call struct {
	gate  *gate
	timer *time.Timer   // patience
	done  chan struct{} // closed when the operation has returned
	lost  chan struct{} // closed when patience is over

	over, hung, left bool // returned, lost, given up by the caller; under gate.mu
}

// newCall returns an operation that has not been started.
func (g *gate) newCall() *call {
	return &call{gate: g, done: make(chan struct{}), lost: make(chan struct{})}
}

// start starts the operation. late is called at its end if the caller has given up.
func (c *call) start(ctx context.Context, op, late func()) error {
	if err := c.gate.enter(ctx); err != nil {
		return err
	}
	c.timer = time.AfterFunc(patience, c.lose)
	go func() {
		c.gate.bugs.Safely("disk", op)
		c.end(late)
	}()
	return nil
}

// beginOrOwe starts an operation, or returns nil. Then it is started later: when the disk
// answers, or when another operation has ended.
func (g *gate) beginOrOwe(ctx context.Context, op func()) *call {
	c := g.newCall()
	if c.start(ctx, op, nil) == nil {
		return c
	}
	g.mu.Lock()
	if g.hung > 0 {
		g.owed = append(g.owed, op)
	} else {
		go g.beginOrOwe(context.Background(), op) // which waits for patience at most
	}
	g.mu.Unlock()
	return nil
}

// enter waits for a slot.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if supervise.Closed(shut) {
		return ErrNoAnswer
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	end, stop := soonAfter(ctx)
	defer stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-shut: // by one of those that have the slots
	case <-end:
	}
	return ErrNoAnswer
}

// soonAfter returns a channel that is closed when ctx is done, but not at once.
func soonAfter(ctx context.Context) (end <-chan struct{}, stop func() bool) {
	out := make(chan struct{})
	return out, context.AfterFunc(ctx, func() { time.AfterFunc(Brief, func() { close(out) }) })
}

// wait waits for the operation, and gives up when its disk does not answer or, soon
// after, when ctx is done.
func (c *call) wait(ctx context.Context) error {
	select {
	case <-c.done: // without the cost of what follows
		return nil
	default:
	}
	end, stop := soonAfter(ctx)
	defer stop()
	select {
	case <-c.done:
	case <-c.lost:
	case <-end:
	}
	return c.leave()
}

// leave gives up waiting, unless the operation has returned.
func (c *call) leave() error {
	c.gate.mu.Lock()
	over := c.over
	c.left = !over
	c.gate.mu.Unlock()
	if over {
		return nil
	}
	return ErrNoAnswer
}

// lose counts the operation as one that hangs.
func (c *call) lose() {
	g := c.gate
	g.mu.Lock()
	if c.over || c.hung {
		g.mu.Unlock()
		return
	}
	c.hung = true
	first := g.hung == 0
	if g.hung++; first {
		g.since = g.clock.Mono()
		close(g.shut)
	}
	g.mu.Unlock()
	close(c.lost)
	if first {
		g.begins()
	}
}

// end ends the operation, and opens the gate if it was the last that hung.
func (c *call) end(late func()) {
	c.timer.Stop()
	c.gate.mu.Lock()
	c.over = true
	left, hung := c.left, c.hung
	c.gate.mu.Unlock()
	if left && late != nil {
		c.gate.bugs.Safely("disk", late)
	}
	if hung {
		c.gate.answer()
	}
	close(c.done)
	<-c.gate.slots
}

// answer runs what is owed and opens the gate, unless another operation still hangs.
func (g *gate) answer() {
	for {
		g.mu.Lock()
		if g.hung > 1 || len(g.owed) == 0 {
			break
		}
		next := g.owed[0]
		g.owed = g.owed[1:]
		g.mu.Unlock()
		g.bugs.Safely("disk", next)
	}
	g.hung--
	opened, since := g.hung == 0, g.since
	if opened {
		g.shut = make(chan struct{})
	}
	g.mu.Unlock()
	if opened {
		g.ends(g.clock.Mono() - since)
	}
}

// unanswered returns how many operations hang.
func (g *gate) unanswered() int {
	g.mu.Lock()
	hung := g.hung
	g.mu.Unlock()
	return hung
}
