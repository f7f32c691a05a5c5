package capture

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/humanize"
)

const (
	// traceWait is the time limit for the runtime to start, write or stop a trace; see
	// package flight for what can delay it.
	traceWait = 2 * time.Second
	// retryTrace is when a recorder that is always armed is tried again after it
	// stood down.
	retryTrace = time.Minute
)

// An armedRecorder is a session of the flight recorder, or why there is none.
type armedRecorder struct {
	session *flight.Session
	err     error
}

// wantsTrace is false if evidence begins with the verdict: then there is no past to
// record.
func wantsTrace(t *Taker, kinds []event.Kind, p *Phases) bool {
	return slices.Contains(kinds, event.KindTrace) && !p.Deferred && (p.OnDemand || t.Config.Recorder != RecorderOff)
}

// recordTrace arms the flight recorder from the second suspicious tick on. It writes
// the trace at the verdict, unless the event is dismissed.
func recordTrace(t *Taker, _ []event.Kind, p *Phases, out func(Result)) {
	var a armedRecorder
	select {
	case <-p.Second:
		a = t.arm()
	case <-p.Decided:
		a.err = errLapsed
	case <-p.Stop:
		a.err = errStopped
	}
	if a.err == nil {
		select {
		case <-p.Decided:
		case <-p.Stop:
		}
	}
	if p.dismissed() {
		t.disarm(a)
		return
	}
	out(func(e *Evidence) {
		defer t.disarm(a)
		e.addTrace(a)
	})
}

// arm opens a session of the recorder.
func (t *Taker) arm() (a armedRecorder) {
	if a.err = t.affords(estimate{bytes: traceMemory}); a.err != nil {
		return a
	}
	ctx, cancel := context.WithTimeout(t.Scope.Ctx, traceWait)
	defer cancel()
	a.session, a.err = t.Trace.Arm(ctx, flight.Settings{Always: t.Config.Recorder == RecorderAlways})
	return a
}

// disarm ends a session. The recorder stops with the last one.
func (t *Taker) disarm(a armedRecorder) {
	if a.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Scope.Ctx, traceWait)
	defer cancel()
	if err := a.session.Disarm(ctx); err != nil {
		t.Scope.Log.OnCause("trace", "the flight recorder may not have stopped: %v", err)
	}
}

// addTrace writes the trace into the event.
func (e *Evidence) addTrace(a armedRecorder) {
	p := event.Profile{Kind: event.KindTrace, File: event.KindTrace.File()}
	if a.err != nil {
		p.Err = fmt.Errorf("no trace: %w", a.err)
		e.Add(p)
		return
	}
	ctx, cancel := context.WithTimeout(e.Scope.Ctx, traceWait)
	defer cancel()
	var got flight.Trace
	e.capture(func() {
		e.put(&p, func(w io.Writer) (err error) {
			got, err = a.session.WriteTo(ctx, w, maxTrace)
			return err
		}, false)
	})
	p.Start = got.Since
	if p.Err == nil {
		p.Duration = got.Until.Sub(got.Since)
	}
	if got.Bytes < got.Total {
		p.Note = humanize.Join(p.Note, fmt.Sprintf("the last %d of %d KiB", got.Bytes>>10, got.Total>>10))
	}
	if got.Shared {
		p.Note = humanize.Join(p.Note, "the application was tracing, too")
	}
	e.Add(p)
}

// KeepRecorder keeps the recorder armed while the configuration says always, and
// tries again after it stood down. It returns when the run stops.
func KeepRecorder(now func() Taker) {
	for {
		retry := time.After(retryTrace)
		t := now()
		if t.Config.Recorder == RecorderAlways {
			t.keepArmed(now)
		}
		select {
		case <-retry:
		case <-t.Scope.Stop:
			return
		}
	}
}

// keepArmed keeps the recorder armed until it stands down or the configuration
// changes.
func (t *Taker) keepArmed(now func() Taker) {
	a := t.arm()
	if a.err != nil {
		t.Scope.Log.Begin("recorder", "no flight recorder for now: %v", a.err)
		return
	}
	t.Scope.Log.End("recorder", "the flight recorder is armed again")
	defer t.disarm(a)
	ticker := time.NewTicker(retryTrace)
	defer ticker.Stop()
	for {
		select {
		case <-a.session.Lost():
			t.Scope.Log.Begin("recorder", "the flight recorder stood down: %v", a.session.Err())
			return
		case <-ticker.C:
			if now().Config.Recorder != RecorderAlways {
				return
			}
		case <-t.Scope.Stop:
			return
		}
	}
}
