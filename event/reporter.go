package event

import (
	"context"
	"errors"
)

// A Reporter takes events out of the process.
//
// Rules for implementers:
//   - Report must be safe to repeat for one [Event.ID]: an event is delivered
//     at least once, across restarts too. The ID is the idempotency key.
//   - An error with a method RetryAfter() time.Duration says when to try again;
//     up to 10 minutes are honoured.
//   - It returns when the event is safe at the receiver, or with an error. An
//     error is retried with growing pauses, until the event is removed from
//     the dump path; one made by [Permanent] is not, and is kept beside the
//     event.
//   - It returns soon after ctx is done. One that does not is not called
//     again until it returns, and delays nobody else.
//   - It reads profiles through [Profile.Open]: Path is empty when the disk
//     refused the evidence.
//   - It may panic: that is caught, counted, and after some panics in a row
//     the reporter rests for a minute.
//
// It is called by one goroutine at a time, with an event of its own as it is on
// disk. Events come in the order in which they were confirmed, but one that
// fails stands back for the others. After five failures in a row the receiver
// is taken to be down: then one event is tried now and then, until one gets
// through.
//
// An event waits on disk under the reporter's name: what a method Name() string
// returns, else its type, and "#2" and so on behind it for the second of a
// name. It should be the same after a restart, or the events that wait for it
// go to nobody; [WithNamedReporter] sets it. [Stats] and logs show it.
type Reporter interface {
	Report(ctx context.Context, e *Event) error
}

// Permanent marks an error of a [Reporter] as one that no retry will mend:
// the event is dropped for this reporter and counted. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether an error was marked by [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ err error }

func (p *permanentError) Error() string { return p.err.Error() }
func (p *permanentError) Unwrap() error { return p.err }

// A BatchReporter is a [Reporter] that takes several events at once, such as one
// whose receiver takes a few messages a minute. When more than one event waits,
// its ReportBatch is called, with the rules of Report.
//
// No error means that the receiver has all of them. After an error each is
// reported by itself, so Report must know which of them have arrived.
type BatchReporter interface {
	Reporter
	ReportBatch(ctx context.Context, events []*Event) error
}
