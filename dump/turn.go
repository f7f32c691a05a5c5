package dump

import (
	"errors"
	"os"
	"time"
)

const (
	// turnPatience is how long the directory's lock is waited for. It is held
	// for milliseconds, unless its holder is stopped or its disk hangs; then
	// the evidence is better kept elsewhere.
	turnPatience = 2 * time.Second
	turnPause    = 100 * time.Microsecond // at first; doubles
	longestPause = 5 * time.Millisecond
)

// locked runs f with the directory locked against all other stores and
// processes. Whatever makes the store larger, gives something another name, or
// removes an event, happens in here.
func (s *Store) locked(f func(root folder) error) error { return s.lockedIn(s.place.open, f) }

func (s *Store) lockedIn(open func() (folder, error), f func(root folder) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	root, err := open()
	if err != nil {
		return err
	}
	defer root.close()
	turn, err := takeTurn(root)
	if err != nil {
		return err
	}
	again, err := s.sign(turn)
	if err != nil {
		return errors.Join(err, turn.Close())
	}
	if !again {
		s.counted = nil
	}
	return errors.Join(f(root), turn.Close())
}

// takeTurn locks a directory until the file is closed. The file stays.
func takeTurn(root folder) (*os.File, error) {
	if err := root.try("lock", turnName); err != nil {
		return nil, err
	}
	begin, pause := time.Now(), turnPause
	for {
		f, err := openLock(root.root, turnName, os.O_CREATE)
		if !errors.Is(err, errHeld) {
			return f, err
		}
		if time.Since(begin) > turnPatience {
			return nil, ErrBusy
		}
		<-time.After(pause)
		pause = min(2*pause, longestPause)
	}
}

// sign leaves the token of this store in the lock, and reports whether it was
// there: then nobody else has had a turn since, and what was counted is still
// so.
func (s *Store) sign(turn *os.File) (again bool, err error) {
	was := make([]byte, tokenLength)
	if n, _ := turn.ReadAt(was, 0); string(was[:n]) == s.token {
		return true, nil
	}
	if _, err := turn.WriteAt([]byte(s.token), 0); err != nil {
		return false, turn.Truncate(0) // the disk is full: then it is nobody's
	}
	return false, nil
}
