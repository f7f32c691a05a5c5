package collector

import "context"

// A Selection names what is kept or deleted: one of its fields is set.
type Selection struct {
	// Profile is the ID of a single profile. The profiles of an event are kept and
	// deleted with it.
	Profile string
	Event   string
	Service string
}

// Validate checks the selection.
func (s *Selection) Validate() error {
	n := 0
	for _, name := range [...]string{s.Profile, s.Event, s.Service} {
		if name != "" {
			n++
		}
	}
	if n != 1 {
		return Errorf(Invalid, "name one of profile, event and service")
	}
	return nil
}

// Keeping is why an upload is kept.
type Keeping string

const (
	// Opened counts the age of an upload from now on, and makes it the last that
	// is removed for its bytes.
	Opened Keeping = "opened"
	// Pinned keeps an upload until it is deleted by request.
	Pinned Keeping = "pinned"
	// Unpinned ends both.
	Unpinned Keeping = "unpinned"
)

// A Keeper is a [Store] that can keep single uploads longer than others.
type Keeper interface {
	// Keep keeps an event or a single profile.
	Keep(ctx context.Context, what Selection, how Keeping) error
}

// A Deleter is a [Store] that deletes by request.
type Deleter interface {
	// Delete removes what is selected, durably. What is stored meanwhile may stay.
	// It is a [NotFound] error if a profile or an event is not there.
	Delete(ctx context.Context, what Selection) (Deleted, error)
}

// Deleted is how much was deleted.
type Deleted struct {
	Uploads int
	Bytes   int64
}

// MarkOpened tells the store that an event was opened, if it is one that
// keeps such events longer. What goes wrong there is no reason not to show the event.
func MarkOpened(ctx context.Context, store Store, event string) {
	if k, ok := store.(Keeper); ok {
		_ = k.Keep(ctx, Selection{Event: event}, Opened)
	}
}
