package incident

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/capture"
)

// ErrBug is returned for a capture that a bug in holmes has ended.
var ErrBug = errors.New("lost because of a panic in holmes, which is logged")

// OnDemand captures an event and returns a copy, or nil when the run is ending. It
// blocks until the event is complete, but not long after ctx is done. A panic does not
// reach the caller.
func (in *Incidents) OnDemand(ctx context.Context, kinds []event.Kind) (ev *event.Event, err error) {
	if !in.Scope.Tasks.Enter(Task) {
		return nil, nil
	}
	defer in.Scope.Tasks.Leave(Task)
	c := in.newCause(event.SignalManual, detect.CodeManual, kinds)
	var b *builder
	err = ErrBug
	in.Scope.Bugs.Safely("capture on demand", func() {
		b = in.create(ctx, c, event.StateSuspected)
		ev, err = b.onDemand(ctx, c), nil
	})
	if err != nil && b != nil {
		b.Report(b.Files.Dismiss())
	}
	return ev, err
}

func (b *builder) onDemand(ctx context.Context, c *Cause) *event.Event {
	b.describe()
	kinds := c.Kinds
	collected := b.Meter.Cycles()
	b.Snapshots(kinds)
	b.recordFor(ctx, b.Config.Sampling)
	if slices.Contains(kinds, event.KindHeap) {
		b.AfterCollection(collected)
	}
	return b.conclude(c, event.StateConfirmed)
}

// newCause returns the cause of an event without a reading.
func (in *Incidents) newCause(s detect.Signal, code string, kinds []event.Kind) *Cause {
	at := in.Scope.Clock.Wall()
	return &Cause{
		Signal: s, Kinds: kinds, Onset: at,
		Trigger: event.Trigger{Sample: detect.Sample{Signal: s, At: at}, Reason: detect.Reason{Code: code}},
	}
}

// recordFor takes all recordings at the same time, for d.
func (b *builder) recordFor(ctx context.Context, d time.Duration) {
	p, end := b.For(ctx, d)
	defer end()
	b.Record(b.cause.Kinds, p).Finish(&b.Evidence, capture.AtLength)
}

// A Timetable is what WithContinuous captures: an event in each period Every, whose
// recordings take the time Takes.
type Timetable struct {
	Every, Takes time.Duration
	Kinds        []event.Kind
}

// KeepTimetable captures one event in each period, at a random moment that leaves time
// for it to end within the period, until ctx is done or the run stops.
func (in *Incidents) KeepTimetable(ctx context.Context, t *Timetable) {
	clock := in.Scope.Clock
	for period := clock.Mono(); ; period += t.Every {
		taker := in.Taker()
		in.Scope.Sleep(ctx, period+taker.UpTo(t.Every-t.Takes)-clock.Mono())
		if ctx.Err() != nil || in.Scope.Stopping() {
			return
		}
		in.Scope.Bugs.Safely("timetable", func() { in.routine(ctx, t) })
		in.Scope.Sleep(ctx, period+t.Every-clock.Mono())
		if now := clock.Mono(); now-period >= 2*t.Every {
			period = now - t.Every // missed periods are skipped
		}
	}
}

// noProfiles is the condition of a timetable that gets none.
const noProfiles = "WithContinuous"

// routine captures one event of a timetable. An event without profiles is discarded.
func (in *Incidents) routine(ctx context.Context, t *Timetable) {
	if !in.Scope.Tasks.Enter(Task) {
		return
	}
	defer in.Scope.Tasks.Leave(Task)
	c := in.newCause(event.SignalContinuous, detect.CodeContinuous, t.Kinds)
	b := in.open(ctx, c, event.StateSuspected)
	b.Snapshots(t.Kinds)
	b.recordFor(ctx, t.Takes)
	if !slices.ContainsFunc(b.Event.Profiles, func(p event.Profile) bool { return p.Captured() }) {
		b.discard()
		return
	}
	b.Log().End(noProfiles, "WithContinuous: there are profiles again")
	b.conclude(c, event.StateConfirmed)
}
