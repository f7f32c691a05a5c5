package dump

import "errors"

var (
	// ErrRefused is returned when a directory exists and is not fit to hold
	// evidence: a symbolic link, not a directory, somebody else's, or
	// writable by others. The message names the path and the remedy.
	ErrRefused = errors.New("directory refused")

	// ErrExists is returned by [Store.Create] when the event is there
	// already, and by [Entry.Write] when the file is, or is being written.
	ErrExists = errors.New("exists already")

	// ErrBudget is returned when an event or its next bytes do not fit into
	// the [Options], even after retention has done what it may.
	ErrBudget = errors.New("disk budget exhausted")

	// ErrName is returned when an event id or a file name is not one that
	// the store gives out: see [Store.Create] and [Entry.Write].
	ErrName = errors.New("bad name")
)

// errHeld says that another process, or another store of this one, has the
// event open.
var errHeld = errors.New("event is open elsewhere")
