package incident

import (
	"slices"
	"sync/atomic"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/capture"
)

// A Suspicion takes the evidence of one event, from the first suspicious sample to
// the verdict, in a goroutine of its own. The monitor calls its methods, which do
// not block. Those of a nil Suspicion, which a run that is ending has, do nothing.
type Suspicion struct {
	in       *Incidents
	taker    capture.Taker
	first    *Cause
	deferred bool // no evidence before the verdict

	// The monitor closes each at most once.
	second  chan struct{} // the rule has fired for a second sample
	decided chan struct{} // verdict and final are set
	held    bool          // second is closed; only the monitor uses it

	verdict event.State
	final   *Cause
	refusal *detect.Refusal // of a confirmed event; valid when over
	over    atomic.Bool
}

// Suspect begins a suspicion, and returns nil when the run is ending. A deferred one
// takes no evidence before the verdict.
func (in *Incidents) Suspect(c *Cause, deferred bool) *Suspicion {
	if !in.Scope.Tasks.Enter(Task) {
		return nil
	}
	s := &Suspicion{in: in, taker: in.Taker(), deferred: deferred, second: make(chan struct{}), decided: make(chan struct{})}
	s.first = s.with(c)
	in.Counters.count(c.Signal, Count{Suspected: 1})
	in.Box.state(string(c.Signal) + " suspected")
	go func() {
		defer in.Scope.Tasks.Leave(Task)
		defer s.over.Store(true)
		in.Scope.Bugs.Safely("suspicion", s.proceed)
	}()
	return s
}

// Finished reports whether the life of the event is over.
func (s *Suspicion) Finished() bool { return s.over.Load() }

// Refusal returns why a finished event was not reported, nil if it was.
func (s *Suspicion) Refusal() *detect.Refusal { return s.refusal }

// HoldsAgain records that the rule has fired for another sample.
func (s *Suspicion) HoldsAgain() {
	if s != nil && !s.held {
		s.held = true
		close(s.second)
	}
}

// Confirm ends the suspicion with an event.
func (s *Suspicion) Confirm(c *Cause) {
	if s != nil {
		s.verdict, s.final = event.StateConfirmed, s.with(c)
		close(s.decided)
	}
}

// Dismiss ends the suspicion without an event.
func (s *Suspicion) Dismiss() {
	if s != nil {
		s.verdict, s.final = event.StateDismissed, s.first
		close(s.decided)
	}
}

// with adds the kinds of profile that the options ask for.
func (s *Suspicion) with(c *Cause) *Cause {
	c.Kinds = s.taker.Config.With(c.Kinds)
	return c
}

// proceed runs the life of the event.
func (s *Suspicion) proceed() {
	t := &s.taker
	p := &capture.Phases{
		Second: s.second, Decided: s.decided, Stop: s.in.Scope.Stop,
		Dismissed: func() bool { return s.verdict == event.StateDismissed },
		Deferred:  s.deferred, AtLeast: t.Config.Sampling,
	}
	recordings := t.Record(s.first.Kinds, p)
	collected := t.Meter.Cycles()
	var b *builder
	if !s.deferred {
		b = s.begin(s.first, event.StateSuspected, recordings, p)
	}
	verdict, final := s.await(b, recordings)
	if verdict == event.StateDismissed {
		s.in.Counters.count(s.first.Signal, Count{Dismissed: 1})
		s.in.Box.state(string(s.first.Signal) + " calm again")
		if b == nil {
			return
		}
	}
	if b == nil {
		b = s.begin(final, verdict, recordings, p)
	}
	recordings.Finish(&b.Evidence, capture.AtVerdict)
	if verdict != event.StateDismissed && slices.Contains(final.Kinds, event.KindHeap) {
		b.AfterCollection(collected)
	}
	recordings.Finish(&b.Evidence, capture.AtLength)
	if verdict == event.StateConfirmed {
		b.addContext(collected)
	}
	b.conclude(final, verdict)
	s.refusal = b.refusal
}

// begin opens the event and takes its first evidence.
func (s *Suspicion) begin(c *Cause, state event.State, r *capture.Recordings, p *capture.Phases) *builder {
	b := s.in.open(s.in.Scope.Ctx, c, state)
	b.Snapshots(c.Kinds)
	r.RecordStacks(&b.Evidence, p, c.Stacks)
	b.Save()
	return b
}

// await waits for the verdict and returns it: unconfirmed when holmes is stopped
// first. Meanwhile it saves what is recorded, unless b is nil.
func (s *Suspicion) await(b *builder, r *capture.Recordings) (event.State, *Cause) {
	ready := r.Ready()
	if b == nil {
		ready = nil
	}
	for stopped := false; !stopped; {
		select {
		case <-s.decided:
			return s.verdict, s.final
		case <-ready:
			if r.Drain(&b.Evidence) {
				b.Save()
			}
		case <-s.in.Scope.Stop:
			stopped = true
		}
	}
	select {
	case <-s.decided: // both at once: the verdict takes precedence
		return s.verdict, s.final
	default:
		return event.StateUnconfirmed, s.first
	}
}
