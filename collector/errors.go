package collector

import (
	"errors"
	"fmt"
	"time"
)

// A Code says what kind of thing went wrong, for programs. How a protocol says
// the same is the protocol's business.
type Code string

// The codes of errors.
const (
	// Invalid is a request that no repetition will mend: a field is missing,
	// malformed, or contradicts the content.
	Invalid Code = "invalid"
	// NotFound is an ID that the store does not hold (any more).
	NotFound Code = "not_found"
	// TooLarge is something above a limit, which the message names.
	TooLarge Code = "too_large"
	// Unsupported is something that is not done with this kind of profile.
	Unsupported Code = "unsupported"
	// Full is a disk or a budget without room. It may have some later.
	Full Code = "full"
	// Busy is a server that has too much to do. It may have time later.
	Busy Code = "busy"
	// Internal is a fault of the collector or of the machine below it, and
	// the code of all errors that are not an [Error].
	Internal Code = "internal"
)

// An Error carries a code for programs and a message for people. The message
// of every code but [Internal] is meant for the one who asked.
type Error struct {
	Code    Code
	Message string
	// RetryAfter is when another attempt may be worth it, and 0 if nothing is
	// known about that.
	RetryAfter time.Duration
	// Err is the cause, if there is one. It is for logs: it may hold paths.
	Err error
}

// Errorf returns an [Error] whose message is formatted as by [fmt.Errorf]; what
// %w wraps is its cause, and part of the message.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

func (e *Error) Error() string { return "holmes: " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [Error] in err's chain, [Internal] if
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Prefix puts text before the message of an error, which keeps its code. nil
// stays nil.
func Prefix(err error, text string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		c := *e
		c.Message, c.Err = text+": "+e.Message, err
		return &c
	}
	return fmt.Errorf("%s: %w", text, err)
}
