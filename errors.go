package holmes

import (
	"errors"

	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Errors that callers can match with [errors.Is].
var (
	// ErrNotRunning is returned by [Holmes.CaptureNow] before Start and after Stop.
	ErrNotRunning = errors.New("holmes: not running")
	// ErrInert is returned by the methods of a [Holmes] that [New] returned with an
	// error, which it is wrapped together with.
	ErrInert = errors.New("holmes: inert, New has failed")
	// ErrHeld is returned by [Holmes.Shutdown] when its context ends before all
	// goroutines have; the error names what has not returned.
	ErrHeld = supervise.ErrHeld
	// ErrNoRoom is the [Profile.Err] of a profile that would not fit into the memory
	// that is left.
	ErrNoRoom = capture.ErrNoRoom
	// ErrTooCostly is the [Profile.Err] of a profile that would cost more than
	// [WithCaptureBudget] allows.
	ErrTooCostly = capture.ErrTooCostly
	// ErrProfilerInUse is returned by [CPUProfile] while the application, or another
	// library, is taking a CPU profile, and is the [Profile.Err] of a CPU profile
	// that is missing because of that.
	ErrProfilerInUse = cpuprofile.ErrBusy
)
