package supervise

import (
	"context"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Bugs recovers and counts panics of holmes's own code.
type Bugs struct {
	log   *Log
	count atomic.Uint64
}

// NewBugs returns a Bugs that logs each panic.
func NewBugs(l *Log) *Bugs { return &Bugs{log: l} }

// Count returns how many panics were recovered.
func (b *Bugs) Count() uint64 { return b.count.Load() }

// Safely runs f and recovers its panic: a bug in holmes must not end the host.
func (b *Bugs) Safely(name string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			b.count.Add(1)
			b.log.OnCause("bug "+name, "bug in holmes, please report: %s: %s\n%s", name, panicText(v), debug.Stack())
		}
	}()
	f()
}

// A Scope is what a part of holmes gets of the time between Start and Stop: when
// to stop, and where its goroutines belong.
type Scope struct {
	Clock Clock
	Log   *Log
	Bugs  *Bugs
	Tasks *Group
	Ctx   context.Context // done when the time to stop is up
	Stop  <-chan struct{} // closed when the part should end by itself
}

// Go runs f in a goroutine of the scope. The group waits for it, and its panics
// are recovered.
func (s *Scope) Go(name string, f func()) {
	s.Tasks.Join(name)
	go func() {
		defer s.Tasks.Leave(name)
		s.Bugs.Safely(name, f)
	}()
}

// Stopping reports whether Stop is closed.
func (s *Scope) Stopping() bool { return Closed(s.Stop) }

// Pass waits for d, or until ctx is done or the scope is stopping.
func (s *Scope) Pass(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.Stop:
	}
}

// Closed reports whether a channel that carries no values is closed.
func Closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A Bell wakes one waiter. A ring that no waiter hears wakes the next one.
type Bell chan struct{}

// NewBell returns a silent bell.
func NewBell() Bell { return make(Bell, 1) }

// Ring wakes the waiter, and never blocks.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
