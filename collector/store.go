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
//   - After [Draft.Commit] has returned without an error, the record survives a
//     crash of the process and of the machine. A draft that was not committed
//     leaves nothing.
//   - A search finds every record that was committed before it began, also
//     during other writes.
//   - No record with the same Key is stored twice, also when two are committed
//     at the same time.
//   - The order of arrival does not matter to searches. Results of the same time
//     have a fixed order, so that pages by [Query].After neither skip nor repeat.
//   - A full disk is an error with code [Full], and does not stop reading.
//   - Mistakes of the caller are an [Error]; all other errors are faults.
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

	// OpenAll opens stored profiles, many at a time, and returns one result for each
	// ID, in this order. An error is that of the one profile: the next one follows.
	// The caller closes each file.
	OpenAll(ctx context.Context, ids []string) iter.Seq2[*File, error]

	// Services returns the names of all services, sorted.
	Services(ctx context.Context) ([]string, error)

	// LabelNames returns the names of the labels that the selected profiles have,
	// sorted.
	LabelNames(ctx context.Context, q Query) ([]string, error)

	// LabelValues returns the values that a label has among the selected profiles,
	// sorted. The name may be [NameService] or [NameType].
	LabelValues(ctx context.Context, name string, q Query) ([]string, error)

	// Timeline adds up totals over time.
	Timeline(ctx context.Context, q TimelineQuery) ([]Line, error)

	// Arrivals calls yield with each profile that is there and was stored after a mark,
	// in the order of arrival, and returns the mark that the next call goes on from: a
	// profile comes in exactly one of these calls. "" is the mark of an empty store, and
	// a mark is good as long as the store is open. After an error the returned mark is
	// the one that was given. Yield must not call the store.
	Arrivals(ctx context.Context, mark string, yield func(Meta) error) (next string, err error)
}

// A Sweeper is a [Store] that removes what is too old or too much when it is asked to,
// from time to time.
type Sweeper interface {
	Sweep(ctx context.Context) (removed int, err error)
}

// A Sizer is a [Store] that knows how much it keeps.
type Sizer interface {
	Usage() Usage
}

// Usage is the amount of data in a store.
type Usage struct {
	// Uploads is the number of uploads: events and single profiles.
	Uploads int
	// Bytes is what they take, uploads under way included, the index not.
	Bytes int64
	// Damaged is how many uploads, and profiles of events, were found to be
	// damaged since the store was opened.
	Damaged int
}

// A Draft is an upload that is being received: files, and at the end their
// description. It is used by one goroutine, and ends with Commit or Discard.
type Draft interface {
	// Add begins a file and returns the writer of its content, which is valid
	// until the next call of a method. A name can be added once.
	Add(name string) (io.Writer, error)

	// Read returns the content of a file as received so far, from the start.
	// The reader is valid until Commit or Discard.
	Read(name string) (*io.SectionReader, error)

	// Commit stores the record and all files, and returns when they are
	// durable. Each profile of the record names its file.
	Commit(ctx context.Context, r Record) (Receipt, error)

	// Discard drops the draft. After Commit it does nothing, so that it can be
	// deferred.
	Discard()
}

// A Record describes an upload: one profile, or an event with its profiles.
type Record struct {
	// Key identifies repetitions: a record whose key is known is not stored
	// again. "" is no key.
	Key string
	// Event is the event, with the profiles to store, or nil for a single
	// profile.
	Event *Event
	// Profile is the single profile, or nil for an event.
	Profile *Meta
}

// EventKey is the [Record.Key] of an event.
func EventKey(id string) string { return "event:" + id }

// A Receipt describes what was stored.
type Receipt struct {
	// Created is false for a repetition.
	Created bool
	// Event is the ID of the stored event, or "".
	Event string
	// Profiles are the stored profiles, with ID, size and time.
	Profiles []Meta
}

// A File is an open stored file. The caller closes it. It stays readable if
// retention removes it meanwhile.
type File struct {
	// Meta describes the profile. For a file that is no profile it has File
	// and Size only.
	Meta Meta
	*io.SectionReader
	io.Closer
}
