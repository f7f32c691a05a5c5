package reporters

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
)

// Filtered is a [holmes.Reporter] that passes on some events.
type Filtered struct {
	to         holmes.Reporter
	conditions []Condition
}

// Only returns a reporter that passes events on to another one if they fulfil
// all conditions, and is done with the others at once:
//
//	reporters.Only(chat, reporters.AtLeast(reporters.SeverityCritical))
//	reporters.Only(pyroscope, reporters.Signals(holmes.SignalCPU), reporters.States(holmes.StateConfirmed))
//
// Events that it does not pass on count as delivered.
func Only(to holmes.Reporter, conditions ...Condition) *Filtered {
	return &Filtered{to, conditions}
}

// Name is the other reporter's, and the conditions: two filters before one
// receiver have two names.
func (f *Filtered) Name() string {
	name := fmt.Sprintf("%T", f.to)
	if n, ok := f.to.(interface{ Name() string }); ok {
		name = n.Name()
	}
	words := make([]string, len(f.conditions))
	for i, c := range f.conditions {
		words[i] = c.words
	}
	return name + " only " + strings.Join(words, ", ")
}

// Timeout is the other reporter's.
func (f *Filtered) Timeout() time.Duration {
	if t, ok := f.to.(interface{ Timeout() time.Duration }); ok {
		return t.Timeout()
	}
	return 0
}

// Wants reports whether an event fulfils the conditions.
func (f *Filtered) Wants(e *holmes.Event) bool {
	for _, c := range f.conditions {
		if !c.holds(e) {
			return false
		}
	}
	return true
}

// Report passes an event on, or returns nil.
func (f *Filtered) Report(ctx context.Context, e *holmes.Event) error {
	if !f.Wants(e) {
		return nil
	}
	return f.to.Report(ctx, e)
}

// ReportBatch passes several events on, at once if the other reporter has a
// method of this name.
func (f *Filtered) ReportBatch(ctx context.Context, events []*holmes.Event) error {
	var wanted []*holmes.Event
	for _, e := range events {
		if f.Wants(e) {
			wanted = append(wanted, e)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if b, ok := f.to.(interface {
		ReportBatch(context.Context, []*holmes.Event) error
	}); ok {
		return b.ReportBatch(ctx, wanted)
	}
	var all outcome
	for _, e := range wanted {
		if err := all.add(f.to.Report(ctx, e)); err != nil {
			return err
		}
	}
	return all.err()
}
