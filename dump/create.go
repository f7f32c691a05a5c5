package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Create makes the directory of a new event and opens it. The id has the form
// that [IDLayout] describes and at most 128 bytes of [A-Za-z0-9._-]. to are the
// names of the reporters that are to get it, see [Entry.Address].
//
// Other events are removed to make room for it, as the package comment says.
// It fails with [ErrExists] when the event is there already, whoever made it,
// with [ErrBudget] when all the space is taken by open events, with [ErrName],
// [ErrRefused] or [ErrBusy], or with the system's error.
func (s *Store) Create(id string, to ...string) (*Entry, error) {
	e, err := s.create(id, to)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: create %s: %w", id, err)
	}
	return e, nil
}

func (s *Store) create(id string, to []string) (e *Entry, err error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	err = s.lockedIn(s.place.make, func(root folder) error {
		if s.open[id] != nil {
			return ErrExists // also if its directory was taken away
		}
		if err := s.claim(root); err != nil {
			return err
		}
		if _, err := root.stat(id); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(ErrExists, err) // found out before anything makes room for it
		}
		if err := s.makeRoom(root, demand{events: 1, bytes: sealRoom}); err != nil {
			return err
		}
		dir, err := s.makeEvent(root, id, to)
		if err != nil {
			s.undone = true // should it not go now
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

// makeEvent makes the directory of an event, its owner's mark first.
func (s *Store) makeEvent(root folder, id string, to []string) (dir folder, err error) {
	if err := root.mkdir(id); err != nil {
		return dir, err
	}
	if dir, err = root.sub(id); err != nil {
		return dir, err
	}
	defer func() {
		if err != nil {
			dir.close()
		}
	}()
	if err := s.own(dir, ""); err != nil {
		return dir, err
	}
	if err := reserve(dir, sealRoom); err != nil {
		return dir, err
	}
	return dir, address(dir, to)
}

// reserve makes the file of the checksums as large as it may become by the next
// line.
func reserve(dir folder, size int64) error {
	f, err := dir.open(sumsName, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	return errors.Join(f.truncate(size), f.close())
}

// persist makes the names of a new event survive a loss of power.
func (e *Entry) persist() error {
	if err := e.dir.sync(); err != nil {
		return err
	}
	root, err := e.store.place.open()
	if err != nil {
		return err
	}
	defer root.close()
	return root.sync()
}
