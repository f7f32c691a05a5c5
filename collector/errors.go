package collector

import (
	"errors"
	"fmt"
	"time"
)

// A Code classifies an error for programs. Each protocol maps it to its own.
type Code string

// The codes of errors.
const (
	// Invalid is a request that fails whenever it is repeated: a field is
	// missing, malformed, or contradicts the content.
	Invalid Code = "invalid"
	// NotFound is an ID that the store does not hold, or no longer holds.
	NotFound Code = "not_found"
	// TooLarge is a value above a limit, which the message names.
	TooLarge Code = "too_large"
	// Unsupported is an operation that does not exist for this kind of profile.
	Unsupported Code = "unsupported"
	// Full is a disk or a budget without room. A later attempt may succeed.
	Full Code = "full"
	// Busy is a server with too many requests. A later attempt may succeed.
	Busy Code = "busy"
	// Damaged is a stored profile or upload that is not as it was stored, or
	// cannot be read. Those who add up profiles leave it out.
	Damaged Code = "damaged"
	// Internal is a fault of the collector or of the machine below it, and
	// the code of all errors that are not an [Error].
	Internal Code = "internal"
)

// An Error carries a code for programs and a message for people. The message
// of every code but [Internal] is meant for the client.
type Error struct {
	Code    Code
	Message string
	// RetryAfter is when another attempt may succeed, and 0 if that is not
	// known.
	RetryAfter time.Duration
	// Err is the cause, or nil. It is for logs: it may hold paths.
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
