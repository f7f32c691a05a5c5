package flight

import (
	"context"
	"io"
	"time"
)

// A Session is one use of the recorder.
type Session struct {
	broker   *Broker
	settings Settings
	worker   *worker

	lost chan struct{} // closed with err
	err  error         // set before
}

// waitStarted waits until the recorder runs.
func (s *Session) waitStarted(ctx context.Context) error {
	select {
	case <-s.worker.started:
		select {
		case <-s.lost:
			return s.err
		default:
			return nil
		}
	case <-ctx.Done():
		s.leave()
		return timeoutError(ctx, "starting")
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
// is stopped, or until the context is over: then it returns its error, and the
// recorder stops as soon as the runtime answers. A second call does nothing.
func (s *Session) Disarm(ctx context.Context) error {
	if !s.leave() {
		return nil
	}
	select {
	case <-s.worker.done:
		return nil
	case <-ctx.Done():
		return timeoutError(ctx, "stopping")
	}
}

// leave reports whether no session is left.
func (s *Session) leave() (empty bool) {
	b := s.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, member := b.members[s]; !member {
		// A session that was ended waits until the recorder stops, too.
		return b.worker == s.worker && s.worker.closing
	}
	delete(b.members, s)
	s.err = ErrDisarmed
	close(s.lost)
	if len(b.members) > 0 || s.worker.closing {
		return len(b.members) == 0
	}
	s.worker.closing = true
	close(s.worker.quit)
	return true
}

// A Trace describes what WriteTo has written.
type Trace struct {
	// Bytes is the size of the trace, and Total that of the ring, which is larger
	// if older parts were left out.
	Bytes, Total int64
	// Since is where the trace begins, to within a second, and Until where it
	// ends.
	Since, Until time.Time
	// Shared says that a trace of the application was running when the recorder
	// was started.
	Shared bool
}

// WriteTo writes what the recorder holds, in the form that `go tool trace`
// reads, and at most limit bytes of it: of a larger trace the latest parts that fit,
// which are a complete trace too. The last milliseconds before the call are in it. If
// not even the last part fits, WriteTo fails with [ErrTooLarge] and writes nothing.
//
// After any other error w may have a part of the trace, which is of no use. w is never
// called after WriteTo has returned, so a hanging Write delays the return. Otherwise
// the context bounds the wait; the package comment says what blocks.
func (s *Session) WriteTo(ctx context.Context, w io.Writer, limit int64) (Trace, error) {
	j := &job{ctx: ctx, limit: limit, gate: newGate(w, limit), reply: make(chan struct{})}
	select {
	case s.worker.jobs <- j:
	case <-s.lost:
		return Trace{}, s.err
	case <-ctx.Done():
		return Trace{}, timeoutError(ctx, "writing")
	}
	select {
	case <-j.reply:
		return j.trace, j.err
	case <-ctx.Done():
		j.gate.close()
		return Trace{}, timeoutError(ctx, "writing")
	}
}

// A job is one call of WriteTo, for the worker.
type job struct {
	ctx   context.Context
	limit int64
	gate  *gate
	reply chan struct{} // closed with trace and err
	trace Trace
	err   error
}

// A gate passes a trace to a writer until it is closed, and no more bytes than were
// allowed.
type gate struct {
	busy    chan struct{} // holds one while the writer is in use, or for ever
	w       io.Writer
	left    int64
	written int64
}

func newGate(w io.Writer, limit int64) *gate {
	return &gate{busy: make(chan struct{}, 1), w: w, left: limit}
}

func (g *gate) write(p []byte) error {
	select {
	case g.busy <- struct{}{}:
		defer func() { <-g.busy }()
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

// close waits for the write under way, and admits no more.
func (g *gate) close() { g.busy <- struct{}{} }
