package dump

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
)

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
		if err := s.makeRoom(root, demand{events: 1, bytes: checksum.Room}); err != nil {
			return err
		}
		dir, err := s.makeEvent(root, id, to)
		if err != nil {
			s.unfinished = true // in case it cannot be removed now
			return errors.Join(err, erase(root, id))
		}
		e = s.newEntry(id, dir)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := e.persist(); err != nil {
		return nil, errors.Join(err, e.discard())
	}
	return e, nil
}

// makeEvent makes the directory of an event, the owner's file first.
func (s *Store) makeEvent(root disk.Dir, id string, to []string) (dir disk.Dir, err error) {
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
	err = withSums(dir, 0, func(f *disk.File) error { return f.Truncate(checksum.Room) })
	if err != nil {
		return dir, err
	}
	return dir, address(dir, to)
}

// persist makes the names of a new event survive a loss of power.
func (e *Entry) persist() error {
	if err := e.dir.Sync(); err != nil {
		return err
	}
	root, err := e.store.location.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Sync()
}
