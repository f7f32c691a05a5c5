package dump

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/location"
	"github.com/go-holmes/holmes/dump/internal/lock"
)

var (
	// ErrRefused is returned when a path exists and is not fit to hold evidence:
	// a symbolic link that others can exchange, a file, or a directory in which
	// this user has no private one and can make none. The message names the path
	// and the remedy.
	ErrRefused = location.ErrRefused

	// ErrExists is returned by [Store.Create] when the event is there
	// already, and by [Entry.Write] when the file is, or is being written.
	ErrExists = errors.New("exists already")

	// ErrBudget is returned when an event or its next bytes do not fit into
	// the [Options], even after retention has done what it may.
	ErrBudget = errors.New("disk budget exhausted")
	// ErrDiskFull is an ErrBudget for the space that others have taken.
	ErrDiskFull = fmt.Errorf("%w, the disk is full", ErrBudget)

	// ErrName is returned when an event id or a file name is not one that
	// the store gives out: see [Store.Create] and [Entry.Write].
	ErrName = layout.ErrName

	// ErrBusy is returned when another process keeps the directory locked for two
	// seconds, or many others in turn for ten.
	ErrBusy = lock.ErrBusy

	// ErrOpen is returned by [Store.Take] and [Store.Reopen] while this
	// process has the event open, and by [Store.Reopen] while it is taken.
	ErrOpen = errors.New("event is in use")

	// ErrDamaged is returned by [Store.Check] and [Store.Take] when the
	// files of an event are not what was written. The message says which.
	ErrDamaged = checksum.ErrDamaged
)

// Why [Store.Take] has no event to give.
var (
	// ErrEvicted is returned for an event that retention removed when its
	// space was wanted.
	ErrEvicted = errors.New("event was removed, its space was wanted")

	// ErrExpired is returned for an event that retention removed when it was
	// older than [Options] allow.
	ErrExpired = errors.New("event was removed, it was too old")

	// ErrGone is returned for an event that this store did not remove and that
	// does not exist.
	ErrGone = errors.New("event is gone")

	// ErrTaken is returned for an event that is not for this process to
	// deliver: another one has it, or it is delivered already.
	ErrTaken = errors.New("event is another process's, or delivered already")
)
