package incident

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/measure"
)

// A builder builds one event. One goroutine uses it, which may wait for the disk.
type builder struct {
	capture.Evidence
	in      *Incidents
	options Config
	cause   *Cause

	groups   cgroup.Sample          // at the beginning
	forecast *detect.MemoryForecast // of the memory watcher, nil for other events
	previous *event.PreviousRun     // nil unless the event is about one
	refusal  *detect.Refusal        // why it is not reported, nil if it is
}

// open begins an event, with labels and readings. Once ctx is done it does not wait long
// for the disk.
func (in *Incidents) open(ctx context.Context, c *Cause, state event.State) *builder {
	b := in.create(ctx, c, state)
	b.describe()
	return b
}

// create makes the directory of an event. What the disk refuses stays in memory.
func (in *Incidents) create(ctx context.Context, c *Cause, state event.State) *builder {
	b := &builder{in: in, options: in.Config(), cause: c}
	b.Taker, b.Store = in.Taker(), in.Store
	b.Event = &event.Event{ID: in.IDs.Next(c.Onset, c.Signal), State: state, At: c.Onset, Trigger: c.Trigger}
	var err error
	b.Files, err = in.Store.Create(ctx, b.options.Store, b.Event.ID, in.Delivery.Names())
	in.Store.Report("events are kept in memory, the dump path cannot be used", err)
	b.Event.Dir = b.Files.Dir()
	b.log()
	return b
}

// describe adds labels and readings, and writes event.json. An event about another
// process has labels already.
func (b *builder) describe() {
	if b.Event.Labels == nil {
		b.Event.Labels = b.in.labels(&b.options)
	}
	b.read()
	b.Save()
}

// read takes the readings of the event.
func (b *builder) read() {
	r := &b.Event.Readings
	uptime := cmp.Or(r.UptimeSeconds, (b.Scope.Clock.Mono() - b.in.Began).Seconds()) // when it began
	*r, _ = b.Meter.Readings(&b.Measure)
	r.UptimeSeconds = uptime
	r.GoroutineStates, r.GoroutineSites = measure.GoroutineStates(), b.Sites
	r.PreviousRun = b.previous
	if f := b.forecast; f != nil { // which is of an earlier moment
		r.MemoryUsed, r.MemoryLimit = f.Used, f.Limit
		r.MemoryRoom, r.MemoryRate = f.Room, math.Round(f.Rate)
		r.HeapLive, r.HeapGoal, r.HeapObjects = f.Live, f.Goal, f.Objects
	}
	b.readGroups()
}

// readGroups adds the state of the control groups to the readings, and what memory
// consists of. Later calls are compared with the first one.
func (b *builder) readGroups() {
	var now cgroup.Sample
	grouped := b.Meter.ReadGroups(&b.Measure, &now)
	b.Event.Readings.MemoryParts = measure.MemoryParts(measure.SelfStatus, &b.Event.Readings, &now)
	if !grouped {
		return
	}
	if b.groups.Generation == 0 {
		b.groups = now
	}
	b.Event.Readings.Groups = measure.GroupsSince(&b.groups, &now)
}

// fromReadings reports whether the readings of this process are the cause of the event,
// and not a call, a timetable or the end of another run.
func (b *builder) fromReadings() bool {
	switch b.Event.Trigger.Reason.Code {
	case detect.CodeManual, detect.CodeContinuous, detect.CodeCrash:
		return false
	}
	return true
}

// log writes the event into the black box, if it tells of the state of this process: an end
// soon after it is unusual.
func (b *builder) log() {
	if b.fromReadings() {
		b.in.Box.event(b.Event.ID, b.Event.Sentence())
	}
}

// addContext takes at the verdict the profiles that help the diagnosis, if there is a
// baseline to compare them with.
func (b *builder) addContext(collected uint64) {
	if now := b.in.Baseline.Baseline(); now.At.IsZero() || !b.options.Compare {
		return
	}
	for _, k := range b.cause.Context {
		if k == event.KindHeap && slices.Contains(b.cause.Context, event.KindGoroutine) && b.Config.ForceGC {
			b.AfterCollection(collected) // to include what the goroutines have allocated
			continue
		}
		b.Snapshot(k, b.FreeName(k.File()), "at the verdict, for the diagnosis")
	}
}

// conclude ends the event with its verdict: it is diagnosed, completed on disk,
// counted and delivered, unless it is dismissed, or the service has had enough of its
// kind. It returns a copy, because the event belongs to the delivery then, and nil for a
// dismissed event.
func (b *builder) conclude(c *Cause, state event.State) *event.Event {
	b.Event.State, b.Event.Trigger = state, c.Trigger
	b.read()
	if state != event.StateDismissed {
		b.refusal = b.in.Brakes.Judge(b.Event)
	}
	if b.refusal != nil {
		state, b.Event.State = event.StateDismissed, event.StateDismissed
		b.in.Counters.count(c.Signal, Count{Dismissed: 1})
	}
	if state != event.StateDismissed {
		if len(c.Kinds) > 0 { // else there is nothing to judge by
			b.diagnose(c.Kinds)
		}
		b.log()
	}
	b.Report(b.Files.Summarize(b.Event))
	b.Save()
	if state == event.StateDismissed {
		b.Report(b.Files.Dismiss())
		return nil
	}
	b.in.Counters.count(c.Signal, Count{Confirmed: 1})
	ev := b.Event.Clone()
	b.deliver()
	return ev
}

// deliver logs the event and passes it to the delivery.
func (b *builder) deliver() {
	logf := b.Log().Warnf
	if b.Event.Routine() {
		logf = b.Log().Debugf
	}
	logf("%s (event %s in %s)", b.Event.Sentence(), b.Event.ID, cmp.Or(b.Event.Dir, "memory only"))
	if b.fromReadings() {
		b.in.Counters.last.Store(int64(b.Scope.Clock.Mono()))
	}
	b.in.Delivery.Deliver(b.Event, &b.Files)
}

// discard removes an event without profiles, and logs why those of the timetable are
// missing.
func (b *builder) discard() {
	why := ""
	for i := range b.Event.Profiles {
		p := &b.Event.Profiles[i]
		why = humanize.Join(why, fmt.Sprintf("%s: %s", p.Kind, p.Note))
	}
	b.Log().Begin(noProfiles, "WithContinuous: no profile: %s", why)
	b.Report(b.Files.Discard())
}

func (in *Incidents) labels(c *Config) map[string]string {
	out := maps.Clone(c.Labels)
	maps.Copy(out, in.Labels.call(c.LabelFunc))
	if Bound(out) {
		in.Scope.Log.Begin(LabelsCut, "labels are cut: an event has at most 64 of 1 KiB each")
	}
	return out
}

// LabelsNow returns the labels of an event that begins now.
func (in *Incidents) LabelsNow() map[string]string {
	c := in.Config()
	return in.labels(&c)
}
