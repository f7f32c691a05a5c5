package collector

import (
	"context"
	"io"
	"iter"
)

// A Store keeps profiles and events.
//
// Rules for implementers, which package storetest checks:
//   - All methods are safe for concurrent use.
//   - What [Draft.Commit] has returned without an error survives the death of
//     the process and of the machine. What was not committed leaves nothing.
//   - What was committed before a search began is found by it, whatever
//     else is being written.
//   - No record with the same Key is stored twice, also when two are committed
//     at the same time.
//   - Order of arrival makes no difference to what is found.
//   - A full disk is an error with code [Full], and does not stop reading.
//   - Errors that are the caller's doing are an [Error]; all others are
//     faults.
type Store interface {
	// Draft begins an upload.
	Draft(ctx context.Context) (Draft, error)

	// Known returns the receipt of the record with that key, and a [NotFound]
	// error if there is none.
	Known(ctx context.Context, key string) (Receipt, error)

	// Find returns profiles, the newest first. A search that fails ends with
	// an error.
	Find(ctx context.Context, q Query) iter.Seq2[Meta, error]

	// Open opens a stored profile by its ID.
	Open(ctx context.Context, id string) (*File, error)

	// Events returns events, the newest first.
	Events(ctx context.Context, q EventQuery) iter.Seq2[Event, error]

	// Event returns one event by its ID.
	Event(ctx context.Context, id string) (Event, error)

	// OpenFile opens a file of an event: a profile, or [EventFile].
	OpenFile(ctx context.Context, event, name string) (*File, error)

	// Services returns the names of all services, sorted.
	Services(ctx context.Context) ([]string, error)
}

// A Draft is an upload on its way in: files, and at the end what they are. It is
// used by one goroutine, and ends with Commit or Discard.
type Draft interface {
	// Add begins a file and returns where to write its content. The writer is
	// good until the next call of a method. A name can be added once.
	Add(name string) (io.Writer, error)

	// Read returns the content of a file as received so far, from the start.
	// The reader is good until Commit or Discard.
	Read(name string) (*io.SectionReader, error)

	// Commit stores the record and all files, and returns when they are
	// durable. The record's profiles name the files that they are.
	Commit(ctx context.Context, r Record) (Receipt, error)

	// Discard drops the draft. After Commit it does nothing, so that it can be
	// deferred.
	Discard()
}

// A Record says what an upload is: one profile, or an event with its profiles.
type Record struct {
	// Key tells a repetition: a record whose key is known is not stored again.
	// "" is not a key.
	Key string
	// Event is the event that the profiles belong to, or nil for a profile by
	// itself. Its own Profiles are those to store.
	Event *Event
	// Profile is the profile that came by itself.
	Profile *Meta
}

// EventKey is the [Record.Key] of an event.
func EventKey(id string) string { return "event:" + id }

// A Receipt says what was stored.
type Receipt struct {
	// Created is false when it was there already.
	Created bool
	// Event is the ID of the stored event, and "" if there is none.
	Event string
	// Profiles are the stored profiles, with ID, size and time.
	Profiles []Meta
}

// A File is an open stored file. The caller closes it. It stays readable when
// retention removes it meanwhile.
type File struct {
	// Meta is the profile's, and all zero but for File and Size in a file
	// that is no profile.
	Meta Meta
	*io.SectionReader
	io.Closer
}
