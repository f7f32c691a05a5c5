package blackbox

import "errors"

var (
	// ErrFormat is returned for a file that is no box, or too small a part of one.
	ErrFormat = errors.New("not a black box")
	// ErrVersion is returned for a box of another version. It wraps ErrFormat.
	ErrVersion error = versionError{}
	// ErrName is returned for a name that is no plain file name.
	ErrName = errors.New("not a plain file name")
	// ErrNoRoom is returned by [Open] for a box that would be too small.
	ErrNoRoom = errors.New("no room")
)

type versionError struct{}

func (versionError) Error() string { return "black box of another version" }
func (versionError) Unwrap() error { return ErrFormat }

// errClosed is returned by a closed box, which has no contents any more.
var errClosed = errors.New("holmes: black box: closed")
