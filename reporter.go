package holmes

import (
	"context"
	"errors"
)

// A Reporter takes events out of the process.
//
// Rules for implementers:
//   - Report must be safe to repeat for one [Event.ID]: an event is delivered
//     at least once. The ID is the idempotency key.
//   - An error with a method RetryAfter() time.Duration says when to try again;
//     up to 10 minutes are honoured.
//   - It returns when the event is safe at the receiver, or with an error. An
//     error is retried with growing pauses; one made by [Permanent] is not.
//   - It returns soon after ctx is done. One that does not is not called
//     again until it returns, and delays nobody else.
//   - It reads profiles through [Profile.Open]: Path is empty when the disk
//     refused the evidence.
//   - It may panic: that is caught, counted, and after some panics in a row
//     the reporter rests for a minute.
//
// It is called by one goroutine at a time, events in the order in which they
// were confirmed, and gets a copy of the event of its own.
//
// A Reporter with a method Name() string is shown in [Stats] and logs under
// that name, else under its type.
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
