package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// A witness is a reporter that passes events on to the demo.
type witness struct{ to chan<- *event.Event }

// Name implements the optional part of [event.Reporter].
func (witness) Name() string { return "demo" }

// Report implements [event.Reporter].
func (w witness) Report(ctx context.Context, e *event.Event) error {
	select {
	case w.to <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await waits for the event of the fault.
func (d *demo) await(ctx context.Context) (*event.Event, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, fmt.Errorf("holmes-watch demo: no %s event has come in %v", d.fault.Signal, limit)
		case e := <-d.events:
			d.say("  %s: %s\n  %s", e.Labels["service"], e.Sentence(), e.Dir)
			if string(e.Trigger.Sample.Signal) == d.fault.Signal && e.Labels["service"] == d.services[0].name {
				return e, nil
			}
		}
	}
}

// check returns an error unless the event is stored with its profiles and names the
// guilty function.
func (d *demo) check(e *event.Event) error {
	stored, err := event.Load(e.Dir)
	if err != nil {
		return err
	}
	v := stored.Diagnosis
	switch {
	case stored.State != event.StateConfirmed:
		return fmt.Errorf("the event is %s", stored.State)
	case !v.Confident:
		return fmt.Errorf("no culprit is named: %s", v.Sentence)
	case len(v.Culprits) == 0 || v.Culprits[0].Function != d.fault.Guilty:
		return fmt.Errorf("the event names %v", v.Culprits)
	case !slices.ContainsFunc(stored.Profiles, func(p event.Profile) bool { return p.Captured() }):
		return errors.New("the event has no profile")
	}
	return nil
}
