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

// Safely runs f and recovers its panic, so that a bug in holmes does not end the
// process.
func (b *Bugs) Safely(name string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			b.count.Add(1)
			b.log.OnCause("bug "+name, "bug in holmes, please report: %s: %s\n%s", name, panicText(v), debug.Stack())
		}
	}()
	f()
}

// A Scope is the lifetime of a part of holmes between Start and Stop: its clock, its
// tasks, and when to stop.
type Scope struct {
	Clock Clock
	Log   *Log
	Bugs  *Bugs
	Tasks *Group
	Ctx   context.Context // canceled when the time to stop is up
	Stop  <-chan struct{} // closed when the tasks should end
}

// Go runs f in a goroutine of the scope. The group waits for it, and a panic is
// recovered.
func (s *Scope) Go(name string, f func()) {
	s.Tasks.Join(name)
	go func() {
		defer s.Tasks.Leave(name)
		s.Bugs.Safely(name, f)
	}()
}

// Stopping reports whether Stop is closed.
func (s *Scope) Stopping() bool { return Closed(s.Stop) }

// Sleep waits for d, or until ctx is done or the scope is stopping.
func (s *Scope) Sleep(ctx context.Context, d time.Duration) {
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

// A Bell wakes one waiter: the present one, or else the next one.
type Bell chan struct{}

// NewBell returns a Bell that has not been rung.
func NewBell() Bell { return make(Bell, 1) }

// Ring wakes the waiter. It never blocks.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
