package holmes

import "errors"

// Errors that callers can match with [errors.Is].
var (
	// ErrNotRunning is returned by CaptureNow before Start and after Stop.
	ErrNotRunning = errors.New("holmes: not running")
	// ErrInert is returned by the methods of a Holmes that New returned with
	// an error, wrapped together with that error.
	ErrInert = errors.New("holmes: inert, New has failed")
	// ErrNoRoom is why a profile is missing that would not have fitted into
	// the memory that is left.
	ErrNoRoom = errors.New("would not fit into the memory that is left")
	// ErrTooCostly is why a profile is missing that would have cost more than
	// [WithCaptureBudget] allows.
	ErrTooCostly = errors.New("would cost too much")
)

var (
	errNilRule   = errors.New("rule is nil")
	errNilSource = errors.New("source is nil")
	errNeverRead = errors.New("no reading yet")
)
