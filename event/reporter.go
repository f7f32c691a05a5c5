package event

import (
	"context"
	"errors"
)

// A Reporter delivers events.
//
// Rules for implementers:
//   - Report must be safe to repeat for one [Event.ID], the idempotency key: an
//     event is delivered at least once, across restarts too.
//   - Report returns nil when the receiver has stored the event. After an error it
//     is called again, with growing pauses, until the event is removed from the
//     dump path. An error made by [Permanent] is not retried; it is stored with the
//     event.
//   - An error with a method RetryAfter() time.Duration says when to try again, at
//     most 10 minutes later. One with a method Mendable() bool that returns true is a
//     refusal that ends when a configuration is mended, such as that of a token: the
//     event is tried again after up to 5 minutes. One that wraps
//     [context.DeadlineExceeded] means that the event may have arrived: it is tried
//     again after a minute, and after up to 10 if that is repeated.
//   - A method Timeout() time.Duration of the Reporter says how long a call may take.
//     Without one, or if it is 0, that is 30 s, and up to 2 minutes after calls that
//     took longer.
//   - Report returns soon after ctx is done. A Reporter that does not is not called
//     again until it returns, and delays no other Reporter.
//   - Report reads profiles through [Profile.Open]: Path is empty if the disk
//     refused the file.
//   - A panic is recovered and counted. After five in a row the Reporter is not
//     called for a minute.
//
// One goroutine at a time calls Report, with a copy of the event as it is on disk.
// Events come in the order in which they were confirmed, but an event that fails
// yields to the others. After five failures in a row the receiver counts as down:
// then each event is tried once in its turn, until one is delivered.
//
// An event waits on disk under the name of the Reporter: what a method Name() string
// returns, or its type, with "#2" and so on appended for another Reporter of the same
// name. Statistics and logs show the name. It should be the same after a restart,
// or the waiting events are not delivered; the option WithNamedReporter sets it.
type Reporter interface {
	Report(ctx context.Context, e *Event) error
}

// Permanent marks an error of a [Reporter] as one that a retry cannot change: the
// event is dropped for this Reporter and counted. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether an error was marked by [Permanent].
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

type permanentError struct{ err error }

func (p *permanentError) Error() string { return p.err.Error() }
func (p *permanentError) Unwrap() error { return p.err }

// A BatchReporter is a [Reporter] that takes several events at once, for example
// because the receiver limits the number of messages. When more than one event
// waits, ReportBatch is called, with the rules of Report and at most 50 events.
//
// ReportBatch returns nil when the receiver has stored all events. After an error
// Report is called for each of them, so it must know which have been stored.
type BatchReporter interface {
	Reporter
	ReportBatch(ctx context.Context, events []*Event) error
}
