package holmes

import (
	"errors"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Errors that callers can match with [errors.Is].
var (
	// ErrNotRunning is returned by CaptureNow before Start and after Stop.
	ErrNotRunning = errors.New("holmes: not running")
	// ErrInert is returned by the methods of a Holmes that New returned with
	// an error, wrapped together with that error.
	ErrInert = errors.New("holmes: inert, New has failed")
	// ErrHeld is returned by Shutdown when its context ended before every
	// goroutine did; it names what is held.
	ErrHeld = supervise.ErrHeld
	// ErrNoRoom is why a profile is missing that would not have fitted into
	// the memory that is left.
	ErrNoRoom = capture.ErrNoRoom
	// ErrTooCostly is why a profile is missing that would have cost more than
	// [WithCaptureBudget] allows.
	ErrTooCostly = capture.ErrTooCostly
)

var (
	errNilRule   = errors.New("rule is nil")
	errNilSource = errors.New("source is nil")
)
