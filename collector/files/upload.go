package files

import "time"

// A class is what retention tells apart.
type class int

const (
	single  class = iota // a profile without an event, as continuous profiling sends it
	event                // with its profiles
	classes              // how many there are
)

func (c class) String() string {
	return [...]string{"profile", "event"}[c]
}

// An upload is what retention knows of a blob.
type upload struct {
	id       blobID
	class    class
	service  string
	event    string // its ID, or ""
	received int64  // nanoseconds since 1970
	bytes    int64  // on disk
}

// An amount is a number of uploads and their bytes on disk.
type amount struct {
	uploads int
	bytes   int64
}

func (a *amount) add(b amount) { a.uploads, a.bytes = a.uploads+b.uploads, a.bytes+b.bytes }

func (a *amount) sub(b amount) { a.uploads, a.bytes = a.uploads-b.uploads, a.bytes-b.bytes }

// A kept is an upload that was opened or pinned.
type kept struct {
	upload
	pinned bool
	at     time.Time
}
