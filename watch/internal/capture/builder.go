package capture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/incident"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/judge"
)

// The labels that an event has beside those of its target.
const (
	labelFiredBy = "fired_by"
	firedByRule  = "holmes-watch rule"
	// labelOthers is how many targets of the service were not captured beside this one.
	labelOthers = "others_not_captured"
)

// A builder builds one event. One goroutine uses it.
type builder struct {
	captures *Captures
	source   *Source
	event    *event.Event
	files    eventstore.Files
	began    time.Time
}

// open begins an event on disk.
func (c *Captures) open(ctx context.Context, s *suspicion) *builder {
	t := s.source.Target
	b := &builder{captures: c, source: s.source, began: time.Now()}
	labels := maps.Clone(t.Labels)
	labels[labelFiredBy] = firedByRule
	incident.Bound(labels)
	b.event = &event.Event{
		ID: c.store.NextID(s.first.Onset, s.first.Signal), State: event.StateSuspected, At: s.first.Onset,
		Trigger: s.first.Trigger, Readings: s.readings(), Labels: labels,
	}
	var err error
	b.files, err = c.store.Create(ctx, b.event.ID)
	b.report(err)
	b.event.Dir = b.files.Dir()
	b.save()
	return b
}

func (b *builder) report(err error) {
	if err != nil {
		b.captures.log.Warn("An event cannot be written to disk, and is kept in memory.", zap.String("event", b.event.ID), zap.Error(err))
	}
}

// save writes event.json.
func (b *builder) save() { b.report(b.files.Describe(b.event)) }

// add adds a profile that was taken, or the reason why it is missing.
func (b *builder) add(k kind, file string, p pulled, err error) {
	out := event.Profile{Kind: k.Kind, File: file, Start: p.start, Duration: p.took, Note: p.note}
	if err == nil {
		b.captures.decoding(func() { err = check(k, p.raw, b.captures.config.MemoryBytes) })
	}
	if err == nil {
		var at eventstore.Location
		var refused error
		at, refused, err = b.files.Write(file, eventstore.Content(p.raw), false)
		b.report(refused)
		out.SetContent(at.Path, at.Data)
		b.event.Cost.Bytes += at.Bytes
	}
	if err != nil {
		out.Err, out.Note, out.File, out.Duration = err, humanize.Join(out.Note, err.Error()), "", 0
		if !errors.Is(err, errEmpty) {
			b.captures.stats.Failed.Add(1)
		}
	}
	b.event.Profiles = append(b.event.Profiles, out)
}

// freeName returns a name for a further file of a kind: "heap-2.pb.gz".
func (b *builder) freeName(file string) string {
	base, ext, _ := strings.Cut(file, ".")
	name := file
	for n := 2; slices.ContainsFunc(b.event.Profiles, func(p event.Profile) bool { return p.File == name }); n++ {
		name = fmt.Sprintf("%s-%d.%s", base, n, ext)
	}
	return name
}

// dismiss closes an event that is not delivered. That of a nil builder was not opened.
func (b *builder) dismiss() {
	if b == nil {
		return
	}
	b.event.State = event.StateDismissed
	b.report(b.files.Summarize(b.event))
	b.save()
	b.report(b.files.Dismiss())
}

// conclude diagnoses the event and delivers it.
func (b *builder) conclude(c judge.Cause, r event.Readings, others int) {
	b.event.State, b.event.Trigger, b.event.Readings = event.StateConfirmed, c.Trigger, r
	b.diagnose()
	if others > 0 {
		b.event.Labels[labelOthers] = fmt.Sprint(others)
		b.event.Diagnosis.Caveats = append(b.event.Diagnosis.Caveats,
			fmt.Sprintf("%d more of the service rose at the same time and were not captured, by the limits", others))
	}
	b.event.Cost.Seconds = time.Since(b.began).Seconds()
	b.report(b.files.Summarize(b.event))
	b.save()
	b.captures.log.Warn(b.event.Sentence(), zap.String("event", b.event.ID), zap.String("target", b.source.Target.Key()))
	b.captures.store.Deliver(b.event, &b.files)
}
