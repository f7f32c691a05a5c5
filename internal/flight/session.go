package flight

import (
	"context"
	"io"
	"time"
)

// A Session is one member's interest in the recorder.
type Session struct {
	broker   *Broker
	settings Settings
	hand     *hand

	lost chan struct{} // closed with err
	err  error         // set before
}

// settle waits for the recorder to be there.
func (s *Session) settle(ctx context.Context) error {
	select {
	case <-s.hand.started:
		select {
		case <-s.lost:
			return s.err
		default:
			return nil
		}
	case <-ctx.Done():
		s.leave()
		return notYet(ctx, "starting it")
	}
}

// Lost is closed when the session has ended: by its Disarm or before, because it
// cost too much or the application stopped the recorder. [Session.Err] says
// which.
func (s *Session) Lost() <-chan struct{} { return s.lost }

// Err returns why the session has ended, an error that wraps [ErrCostly],
// [ErrBudget], [ErrEnded] or [ErrDisarmed], and nil while it is armed.
func (s *Session) Err() error {
	select {
	case <-s.lost:
		return s.err
	default:
		return nil
	}
}

// Disarm ends the session. If it was the last one it waits until the recorder
// is stopped, or until the context is over: then it returns [ErrBusy], and the
// recorder stops as soon as the runtime answers. A second call does nothing.
func (s *Session) Disarm(ctx context.Context) error {
	if !s.leave() {
		return nil
	}
	select {
	case <-s.hand.done:
		return nil
	case <-ctx.Done():
		return notYet(ctx, "stopping it")
	}
}

// leave is true when there is nobody left.
func (s *Session) leave() (alone bool) {
	b := s.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, member := b.members[s]; !member {
		// Whoever was stood down waits with those who did it.
		return b.hand == s.hand && s.hand.leaving
	}
	delete(b.members, s)
	s.err = ErrDisarmed
	close(s.lost)
	if len(b.members) > 0 || s.hand.leaving {
		return len(b.members) == 0
	}
	s.hand.leaving = true
	close(s.hand.quit)
	return true
}

// A Trace is what WriteTo has written.
type Trace struct {
	// Bytes is how much, and Total how much the ring held: more, where older
	// parts were left out.
	Bytes, Total int64
	// Since is where the trace begins, to within a second, and Until where it
	// ends.
	Since, Until time.Time
	// Shared says that the application was tracing on its own account when the
	// recorder was started.
	Shared bool
}

// WriteTo writes what the recorder holds, in the form that `go tool trace`
// reads, and at most limit bytes of it: of a larger trace the latest parts, each
// of them whole, are a trace too. The last milliseconds before the call are in
// it. If not even the last part fits it is [ErrTooLarge], and nothing was
// written.
//
// With any other error w may have been given a part: throw it away. It is never
// called again after WriteTo has returned, which a call of its Write that hangs
// delays. Otherwise the context bounds the wait; see the package comment for
// what there is to wait for.
func (s *Session) WriteTo(ctx context.Context, w io.Writer, limit int64) (Trace, error) {
	j := &job{ctx: ctx, limit: limit, gate: newGate(w, limit), reply: make(chan struct{})}
	select {
	case s.hand.jobs <- j:
	case <-s.lost:
		return Trace{}, s.err
	case <-ctx.Done():
		return Trace{}, notYet(ctx, "writing it")
	}
	select {
	case <-j.reply:
		return j.trace, j.err
	case <-ctx.Done():
		j.gate.shut()
		return Trace{}, notYet(ctx, "writing it")
	}
}

// A job is one call of WriteTo, on its way to the goroutine that does it.
type job struct {
	ctx   context.Context
	limit int64
	gate  *gate
	reply chan struct{} // closed with trace and err
	trace Trace
	err   error
}

// A gate lets a trace through to a writer until it is shut, and no more bytes
// than were allowed.
type gate struct {
	turn    chan struct{} // holds one while the writer is in use, or for ever
	w       io.Writer
	left    int64
	written int64
}

func newGate(w io.Writer, limit int64) *gate {
	return &gate{turn: make(chan struct{}, 1), w: w, left: limit}
}

func (g *gate) write(p []byte) error {
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	default:
		return errAbandoned
	}
	if int64(len(p)) > g.left {
		return ErrTooLarge
	}
	n, err := g.w.Write(p)
	g.left -= int64(n)
	g.written += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// shut waits until nobody writes, and lets nobody in again.
func (g *gate) shut() { g.turn <- struct{}{} }
