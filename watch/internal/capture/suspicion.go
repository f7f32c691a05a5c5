package capture

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"

	"github.com/go-holmes/holmes/watch/internal/judge"
)

// A suspicion takes the evidence of one event in a goroutine of its own.
type suspicion struct {
	captures *Captures
	source   *Source
	readings func() event.Readings
	first    judge.Cause
	ticket   *ticket

	decided   chan struct{} // closed when the verdict is there
	confirmed bool
	final     judge.Cause

	refused *detect.Refusal // valid when over
	over    atomic.Bool
}

// Suspect begins a suspicion of a target. readings returns the latest readings of the
// target. It returns nil after Stop.
func (c *Captures) Suspect(s *Source, readings func() event.Readings, cause judge.Cause) judge.Suspicion {
	x := &suspicion{captures: c, source: s, readings: readings, first: cause, final: cause, decided: make(chan struct{})}
	x.ticket = c.limits.ticket(s.Target.Service(), s.Target.Key())
	c.stats.Suspected.Add(1)
	if !c.run(x.proceed) {
		x.ticket.close()
		return nil
	}
	return x
}

// Confirm implements [judge.Suspicion].
func (s *suspicion) Confirm(c judge.Cause) {
	s.confirmed, s.final = true, c
	close(s.decided)
}

// Dismiss implements [judge.Suspicion].
func (s *suspicion) Dismiss() { close(s.decided) }

// Finished implements [judge.Suspicion].
func (s *suspicion) Finished() (over bool, refused *detect.Refusal) {
	if !s.over.Load() {
		return false, nil
	}
	return true, s.refused
}

// proceed runs the life of the event.
func (s *suspicion) proceed() {
	defer s.over.Store(true)
	defer s.ticket.close()
	ctx := s.captures.ctx
	var b *builder // nil while the evidence is left to the verdict
	if s.captures.limits.mayBegin(s.source.Target.Key()) {
		b = s.begin(ctx)
	}
	select {
	case <-s.decided:
	case <-ctx.Done():
		b.dismiss()
		return
	}
	if !s.confirmed {
		s.captures.stats.Dismissed.Add(1)
		b.dismiss()
		return
	}
	if s.refused = s.ticket.admit(ctx, deviation(s.final)); s.refused != nil {
		s.captures.stats.Refused.Add(1)
		b.dismiss()
		return
	}
	if b == nil {
		b = s.begin(ctx)
	}
	s.record(ctx, b)
	b.conclude(s.final, s.readings(), s.ticket.notCaptured())
	s.captures.stats.Captured.Add(1)
}

// begin opens the event and takes its first evidence.
func (s *suspicion) begin(ctx context.Context) *builder {
	b := s.captures.open(ctx, s)
	for _, k := range snapshots() {
		p, err := s.source.pull(ctx, k, s.captures.config.ProfileBytes, 0)
		b.add(k, k.Kind.File(), p, err)
	}
	b.save()
	return b
}

// record takes the recordings, at the same time, and the snapshots at the verdict.
func (s *suspicion) record(ctx context.Context, b *builder) {
	select {
	case s.source.recording <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.source.recording }()
	kinds := recordings()
	results := make([]pulled, len(kinds))
	errs := make([]error, len(kinds))
	var all sync.WaitGroup
	for i, k := range kinds {
		all.Go(func() {
			results[i], errs[i] = s.source.record(ctx, k, s.captures.config.ProfileBytes, s.captures.lasting())
		})
	}
	all.Wait()
	for i, k := range kinds {
		b.add(k, k.Kind.File(), results[i], errs[i])
	}
	for _, k := range atVerdict(s.final.Signal) {
		p, err := s.source.pull(ctx, k, s.captures.config.ProfileBytes, 0)
		p.note = "at the verdict"
		b.add(k, b.freeName(k.Kind.File()), p, err)
	}
	b.save()
}

// deviation returns how far a value is above its mean, as a multiple of it.
func deviation(c judge.Cause) float64 {
	value, mean := c.Trigger.Sample.Value, c.Trigger.Baseline
	if mean <= 0 {
		return value
	}
	return value/mean - 1
}
