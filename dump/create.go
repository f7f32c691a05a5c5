package dump

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
)

// linesAhead is how many bytes are reserved in advance for the checksums of an event:
// some ten lines, and more take a lock of the directory each.
const linesAhead = 768

// IDLayout is the layout, in UTC, of the time that an event id starts with:
// "20060102T150405.000000000Z". A dash and at least one more character follow it:
//
//	id := at.UTC().Format(dump.IDLayout) + "-" + suffix
const IDLayout = layout.IDLayout

// Create makes the directory of a new event and opens it. The id has the form
// that [IDLayout] describes and at most 128 bytes of [A-Za-z0-9._-]. to are the
// names of the reporters that are to get it, see [Entry.Address].
//
// Other events are removed to make room for it, as the package comment says.
// It fails with [ErrExists] when the event exists, in this process or another,
// with [ErrBudget] when open events take all the space, with [ErrName],
// [ErrRefused] or [ErrBusy], or with the system's error.
func (s *Store) Create(id string, to ...string) (*Entry, error) {
	e, err := s.create(id, to)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: create %s: %w", id, err)
	}
	return e, nil
}

func (s *Store) create(id string, to []string) (e *Entry, err error) {
	if err := layout.CheckID(id); err != nil {
		return nil, err
	}
	err = s.lockedIn(s.location.Make, func(root disk.Dir) error {
		if s.open[id] != nil {
			return ErrExists // also if its directory was taken away
		}
		if err := s.owner.Claim(root); err != nil {
			return err
		}
		if _, err := root.Stat(id); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(ErrExists, err) // before other events make room for it
		}
		room := checksum.Room + min(linesAhead, s.maxBytes()>>18)
		if err := s.makeRoom(root, demand{events: 1, bytes: room}); err != nil {
			return err
		}
		dir, err := s.makeEvent(root, id, room, to)
		if err != nil {
			s.unfinished = true // in case it cannot be removed now
			return errors.Join(err, erase(root, id))
		}
		e = s.newEntry(id, dir, room)
		return nil
	})
	return e, err
}

// makeEvent makes the directory of an event, the owner's file first, and reserves the
// room for its checksums.
func (s *Store) makeEvent(root disk.Dir, id string, room int64, to []string) (dir disk.Dir, err error) {
	if err := root.Mkdir(id); err != nil {
		return dir, err
	}
	if dir, err = root.Sub(id); err != nil {
		return dir, err
	}
	defer func() {
		if err != nil {
			dir.Close()
		}
	}()
	if err := s.owner.Own(dir, ""); err != nil {
		return dir, err
	}
	err = withSums(dir, func(f *disk.File) error { return f.Truncate(room) })
	if err != nil {
		return dir, err
	}
	return dir, address(dir, to)
}
