package capture

import (
	"context"
	"time"
)

// SetWait replaces the pauses of a source.
func (s *Source) SetWait(f func(context.Context, time.Duration) error) { s.wait = f }

// A Ticket is one suspicion.
type Ticket = ticket

// Ticket registers a suspicion.
func (l *Limits) Ticket(service, target string) *Ticket { return l.ticket(service, target) }

// Admit asks for the capture.
func (t *ticket) Admit(ctx context.Context, deviation float64) (refused string) {
	if r := t.admit(ctx, deviation); r != nil {
		return r.Why
	}
	return ""
}

// NotCaptured returns the number of others.
func (t *ticket) NotCaptured() int { return t.notCaptured() }

// Close ends the ticket.
func (t *ticket) Close() { t.close() }

// HasBaseline reports whether there is a baseline of the target of a source.
func (c *Captures) HasBaseline(s *Source) bool { return c.baselines.of(s.Target) != nil }
