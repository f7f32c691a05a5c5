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
	// traceWait is for the runtime to start, write and stop a trace; see
	// package flight for what can hold it up.
	traceWait = 2 * time.Second
	// traceAgain is when a recorder that is always armed is tried again after
	// it stood down.
	traceAgain = time.Minute
)

// An armed is a part in the flight recorder, or why there is none.
type armed struct {
	session *flight.Session
	err     error
}

// wantsTrace is false where evidence begins with the verdict: then there is no
// past to record.
func wantsTrace(t *Taker, kinds []event.Kind, p *Phases) bool {
	return slices.Contains(kinds, event.KindTrace) && !p.Deferred && (p.Urgent || t.Config.Recorder != RecorderOff)
}

// recordTrace has the flight recorder armed from the second suspicious tick on.
// The trace is written at the verdict, unless the event is dismissed.
func recordTrace(t *Taker, _ []event.Kind, p *Phases, out func(Result)) {
	var a armed
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

// arm takes part in the recorder.
func (t *Taker) arm() (a armed) {
	if a.err = t.affords(cost{bytes: traceMemory}); a.err != nil {
		return a
	}
	ctx, cancel := context.WithTimeout(t.Scope.Ctx, traceWait)
	defer cancel()
	a.session, a.err = t.Trace.Arm(ctx, flight.Settings{Always: t.Config.Recorder == RecorderAlways})
	return a
}

// disarm leaves the recorder, which is put away with the last part.
func (t *Taker) disarm(a armed) {
	if a.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Scope.Ctx, traceWait)
	defer cancel()
	if err := a.session.Disarm(ctx); err != nil {
		t.Scope.Log.OnCause("trace", "the flight recorder: %v", err)
	}
}

// addTrace writes what the recorder holds into the event.
func (e *Evidence) addTrace(a armed) {
	p := event.Profile{Kind: event.KindTrace, File: event.KindTrace.File()}
	if a.err != nil {
		p.Err = fmt.Errorf("no trace: %w", a.err)
		e.Add(p)
		return
	}
	ctx, cancel := context.WithTimeout(e.Scope.Ctx, traceWait)
	defer cancel()
	var got flight.Trace
	e.spend(func() {
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

// KeepRecorder has the recorder armed for as long as the configuration says
// always, and tries again after it stood down. It returns when the run stops.
func KeepRecorder(now func() Taker) {
	for {
		again := time.After(traceAgain)
		t := now()
		if t.Config.Recorder == RecorderAlways {
			t.keepArmed(now)
		}
		select {
		case <-again:
		case <-t.Scope.Stop:
			return
		}
	}
}

// keepArmed has the recorder armed until it stands down, or is not to be armed
// any more.
func (t *Taker) keepArmed(now func() Taker) {
	a := t.arm()
	if a.err != nil {
		t.Scope.Log.OnCause("recorder", "no flight recorder for now: %v", a.err)
		return
	}
	defer t.disarm(a)
	look := time.NewTicker(traceAgain)
	defer look.Stop()
	for {
		select {
		case <-a.session.Lost():
			t.Scope.Log.OnCause("recorder", "the flight recorder stood down: %v", a.session.Err())
			return
		case <-look.C:
			if now().Config.Recorder != RecorderAlways {
				return
			}
		case <-t.Scope.Stop:
			return
		}
	}
}
