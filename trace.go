package holmes

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/humanize"
)

// processTrace is the one flight recorder of the process, shared by all
// instances: the runtime has no more than one.
var processTrace = flight.New(&flight.Runtime{})

// A RecorderMode says when the flight recorder of package runtime/trace runs;
// see [WithFlightRecorder].
type RecorderMode int

// The modes of the flight recorder.
const (
	// RecorderOnSuspicion arms it with the second suspicious sample of a signal
	// that wants a trace, and puts it away with the verdict.
	RecorderOnSuspicion RecorderMode = iota
	// RecorderOff never arms it.
	RecorderOff
	// RecorderAlways keeps it armed, so that a trace reaches back to before
	// the suspicion.
	RecorderAlways
)

const (
	// maxTrace bounds the trace of an event: of a larger one the latest parts
	// are written.
	maxTrace = 8 << 20
	// traceMemory is what the recorder's ring and the parts that it works on
	// may take.
	traceMemory = 3 * maxTrace
	// traceWait is for the runtime to start, write and stop a trace; see
	// package flight for what can hold it up.
	traceWait = 2 * time.Second
	// traceAgain is when a recorder that is always armed is tried again after
	// it stood down.
	traceAgain = time.Minute
)

// A tracing is an inquiry's part in the recorder, or why it has none.
type tracing struct {
	session *flight.Session
	err     error
}

// beginTrace arms the recorder beside the inquiry. It returns nil when no trace
// is wanted: with evidence that begins with the verdict there is no past to
// record.
func (q *inquiry) beginTrace() <-chan tracing {
	if q.quiet || q.cfg.recorder == RecorderOff || !slices.Contains(q.first.kinds, KindTrace) {
		return nil
	}
	begun := make(chan tracing, 1)
	q.run.Go("trace", func() {
		defer close(begun)
		select {
		case <-q.twice:
			begun <- q.run.arm(q.cfg)
		case <-q.decided:
			begun <- tracing{err: errLapsed}
		case <-q.run.Stop:
			begun <- tracing{err: errStopped}
		}
	})
	return begun
}

// arm takes part in the recorder.
func (r *run) arm(c *config) (t tracing) {
	if t.err = r.affords(c, price{bytes: traceMemory}); t.err != nil {
		return t
	}
	ctx, cancel := context.WithTimeout(r.Ctx, traceWait)
	defer cancel()
	t.session, t.err = r.h.trace.Arm(ctx, flight.Settings{Always: c.recorder == RecorderAlways})
	return t
}

// disarm leaves the recorder, which is put away with the last who does.
func (t tracing) disarm(r *run) {
	if t.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Ctx, traceWait)
	defer cancel()
	if err := t.session.Disarm(ctx); err != nil {
		r.Log.OnCause("trace", "the flight recorder: %v", err)
	}
}

// endTrace writes the trace, unless the event was dismissed, and gives the
// recorder back.
func (q *inquiry) endTrace(d *dossier, begun <-chan tracing, verdict State) {
	if begun == nil {
		return
	}
	t, armed := <-begun
	if !armed {
		return // a bug of ours, which is logged
	}
	defer t.disarm(q.run)
	if d != nil && verdict != StateDismissed {
		d.addTrace(t)
	}
}

// addTrace writes what the recorder holds into the event.
func (d *dossier) addTrace(t tracing) {
	p := Profile{Kind: KindTrace, File: KindTrace.File(), Err: t.err}
	if p.Err != nil {
		p.Err = fmt.Errorf("no trace: %w", p.Err)
		d.add(p)
		return
	}
	ctx, cancel := context.WithTimeout(d.Ctx, traceWait)
	defer cancel()
	var got flight.Trace
	d.spend(func() {
		d.store(&p, func(w io.Writer) (err error) {
			got, err = t.session.WriteTo(ctx, w, maxTrace)
			return err
		})
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
	d.add(p)
}

// keepRecorder has the recorder armed for as long as the configuration says
// always, and tries again after it stood down.
func (r *run) keepRecorder() {
	for {
		again := time.After(traceAgain)
		if c := r.h.cfg.Load(); c.recorder == RecorderAlways {
			r.keepArmed(c)
		}
		select {
		case <-again:
		case <-r.Stop:
			return
		}
	}
}

// keepArmed has the recorder armed until it stands down, or holmes is stopped.
func (r *run) keepArmed(c *config) {
	t := r.arm(c)
	if t.err != nil {
		r.Log.OnCause("recorder", "no flight recorder for now: %v", t.err)
		return
	}
	defer t.disarm(r)
	look := time.NewTicker(traceAgain)
	defer look.Stop()
	for {
		select {
		case <-t.session.Lost():
			r.Log.OnCause("recorder", "the flight recorder stood down: %v", t.session.Err())
			return
		case <-look.C:
			if r.h.cfg.Load().recorder != RecorderAlways {
				return
			}
		case <-r.Stop:
			return
		}
	}
}
