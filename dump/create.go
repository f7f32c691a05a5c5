package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Create makes the directory of a new event and opens it. The id has the form
// that [IDLayout] describes and at most 128 bytes of [A-Za-z0-9._-].
//
// Other events are removed to make room for it, as the package comment says.
// It fails with [ErrExists] when the event is there already, whoever made it,
// with [ErrBudget] when all the space is taken by open events, with [ErrName],
// with [ErrRefused], or with the system's error.
func (s *Store) Create(id string) (*Entry, error) {
	e, err := s.create(id)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: create %s: %w", id, err)
	}
	return e, nil
}

func (s *Store) create(id string) (*Entry, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[id] != nil {
		return nil, ErrExists // also if its directory was taken away
	}
	root, err := s.place.make()
	if err != nil {
		return nil, err
	}
	defer closeQuietly(root)

	held, err := takeLock(root, id)
	if err != nil {
		if errors.Is(err, errHeld) {
			err = ErrExists
		}
		return nil, err
	}
	dir, err := s.makeEvent(root, id)
	if err != nil {
		return nil, errors.Join(err, held.drop(root))
	}
	e := &Entry{store: s, id: id, path: s.path(id), dir: dir, lock: held, writing: make(map[string]bool)}
	s.open[id] = e
	return e, nil
}

// makeEvent makes the directory of an event whose lock is held.
func (s *Store) makeEvent(root *os.Root, id string) (*os.Root, error) {
	if _, err := root.Lstat(id); err == nil {
		return nil, ErrExists // found out before anything makes room for it
	}
	if err := s.makeRoom(root, demand{events: 1, bytes: 1}); err != nil {
		return nil, err
	}
	if err := root.Mkdir(id, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = ErrExists
		}
		return nil, err
	}
	dir, err := root.OpenRoot(id)
	if err == nil {
		err = syncDir(root)
	}
	if err != nil {
		if dir != nil {
			closeQuietly(dir)
		}
		return nil, errors.Join(err, erase(root, id))
	}
	return dir, nil
}
