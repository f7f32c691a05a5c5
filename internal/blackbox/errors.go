package blackbox

import "errors"

var (
	// ErrFormat is returned for a file that is no box, or not enough of one.
	ErrFormat = errors.New("not a black box")
	// ErrVersion is returned for a box of another version. It wraps ErrFormat.
	ErrVersion error = versionError{}
	// ErrName is returned for a name that is no plain file name.
	ErrName = errors.New("not a plain file name")
)

type versionError struct{}

func (versionError) Error() string { return "black box of another version" }
func (versionError) Unwrap() error { return ErrFormat }

// errHeld is returned when a living process has the file.
var errHeld = errors.New("held by a living process")

// errNoLocks is returned where the file system has no locks.
var errNoLocks = errors.New("the file system has no locks")

// errClosed is returned by a box that has nothing to show any more.
var errClosed = errors.New("holmes: black box: closed")
