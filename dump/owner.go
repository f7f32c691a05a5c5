package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// Every store that makes or delivers events is their owner. It has a token,
// which no other store ever has, and a lock of that name for as long as it
// lives; each of its events holds an empty file with the token. So whoever
// looks knows whether the owner of an event is alive, and to take an event over
// is to give that file another name, which only one can do.

func newToken() string { return fmt.Sprintf("%0*x", tokenLength, rand.Uint64()) }

// claim makes this store an owner, if it is not one yet. The directory is
// locked.
func (s *Store) claim(root folder) error {
	name := ownerLock(s.token)
	if s.owner != nil {
		if info, err := s.owner.Stat(); isSame(root.root, name, info, err) {
			return nil
		}
		_ = s.owner.Close() // of a directory that was taken away
		s.owner = nil
	}
	if err := root.try("lock", name); err != nil {
		return err
	}
	f, err := openLock(root.root, name, os.O_CREATE)
	if err != nil {
		return err
	}
	s.owner = f
	return nil
}

// A roll tells the living owners from the dead. It is good while the directory
// is locked.
type roll struct {
	store *Store
	root  folder
	known map[string]bool
}

func (s *Store) roll(root folder) *roll {
	return &roll{s, root, map[string]bool{"": false, s.token: true}}
}

// alive reports whether a process has the token. Where that cannot be found
// out, the owner is left in peace.
func (r *roll) alive(token string) bool {
	alive, ok := r.known[token]
	if !ok {
		f, err := openLock(r.root.root, ownerLock(token), 0)
		alive = err != nil && !errors.Is(err, fs.ErrNotExist)
		if err == nil {
			_ = f.Close()
		}
		r.known[token] = alive
	}
	return alive
}

// own makes this store the owner of an event in dir.
func (s *Store) own(dir folder, old string) error {
	if old == s.token {
		return nil
	}
	if old == "" {
		return dir.touch(ownerPrefix + s.token)
	}
	return dir.rename(ownerPrefix+old, ownerPrefix+s.token)
}

// Close gives up what this store owns: events that wait for their delivery are
// there for the next one who adopts them, in this process or another. An error
// wraps [ErrOpen] when an event is still open or taken; then nothing is given
// up. A closed store may be used again, and owns its events again unless they
// were adopted meanwhile.
func (s *Store) Close() error {
	s.mu.Lock()
	idle := s.owner == nil
	s.mu.Unlock()
	if idle {
		return nil
	}
	err := s.locked(s.release)
	if errors.Is(err, ErrOpen) {
		return fmt.Errorf("holmes: dump: close %s: %w", s.place.dir, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != nil { // the directory is gone, or cannot be locked
		err = errors.Join(err, s.owner.Close())
		s.owner = nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: dump: close %s: %w", s.place.dir, err)
	}
	return nil
}

// release gives the lock of the owner up. Its file stays as long as an event
// bears the token: it shows that there is something to adopt.
func (s *Store) release(root folder) error {
	if len(s.open)+len(s.held) > 0 {
		return fmt.Errorf("%w: %d open, %d taken", ErrOpen, len(s.open), len(s.held))
	}
	if s.owner == nil {
		return nil
	}
	found, err := root.survey()
	keep := err != nil
	for _, ev := range found.events {
		keep = keep || ev.owner == s.token && (!ev.sealed || ev.waiting())
	}
	f := s.owner
	s.owner = nil
	if keep {
		return errors.Join(err, f.Close())
	}
	return closeLock(root.root, ownerLock(s.token), f)
}
