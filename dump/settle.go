package dump

import "errors"

// settle takes e from the open events to those that retention may remove.
func (s *Store) settle(e *Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(e)
	root, err := s.place.open()
	if err != nil {
		return errors.Join(err, e.lock.drop(nil))
	}
	defer closeQuietly(root)
	dropErr := e.lock.drop(root)
	err = s.makeRoom(root, demand{})
	if errors.Is(err, ErrBudget) {
		err = nil // others have it all open; the next event will be told
	}
	return errors.Join(dropErr, err)
}

// discard removes the event of e. Where its name has come to stand for
// something else, that is left alone.
func (s *Store) discard(e *Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(e)
	root, err := s.place.open()
	if err != nil {
		return errors.Join(ignoreMissing(err), e.lock.drop(nil), e.dir.Close())
	}
	defer closeQuietly(root)
	if info, err := e.dir.Stat("."); isSame(root, e.id, info, err) {
		if err := erase(root, e.id); err != nil {
			return errors.Join(err, e.lock.drop(root), e.dir.Close())
		}
	}
	s.settled -= e.bytes
	return errors.Join(e.lock.drop(root), e.dir.Close())
}

// forget makes e one of the events that are not open here.
func (s *Store) forget(e *Entry) {
	delete(s.open, e.id)
	s.settled += e.bytes // until the next scan knows better
}
