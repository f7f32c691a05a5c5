package flight

import "errors"

var (
	// ErrBusy is returned when the application has a flight recorder of its own.
	ErrBusy = errors.New("the flight recorder is in use by the application")
	// ErrCostly is returned when the trace is, was a moment ago, or would be
	// larger than the session allows.
	ErrCostly = errors.New("tracing costs too much")
	// ErrBudget is returned when the recorder was armed for its share of the
	// last hour.
	ErrBudget = errors.New("the flight recorder was armed for its share of the last hour")
	// ErrEnded is returned when the application has stopped the recorder by a call
	// of trace.Stop without trace.Start.
	ErrEnded = errors.New("the application ended the trace")
	// ErrTooLarge is returned when not even the latest part of the trace fits.
	ErrTooLarge = errors.New("the trace is too large")
	// ErrDisarmed is returned by a session after its Disarm.
	ErrDisarmed = errors.New("disarmed already")
	// ErrSettings is returned for invalid settings.
	ErrSettings = errors.New("invalid settings of the flight recorder")
)

// errAbandoned ends a write whose caller has given up.
var errAbandoned = errors.New("the caller of WriteTo has given up")
