package dump

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strings"
)

// Marks are what the store knows of an event's delivery: a file for each
// reporter, whose name says whether the event waits for it. They are empty, so
// they fit into any budget, and to give one another name is one step.

// A mark is one reporter's for one event.
type mark struct{ id, to string }

// maxReason bounds why an event was set aside, in bytes.
const maxReason = 1000

// address makes marks for those reporters, and no others.
func address(dir folder, to []string) error {
	entries, err := dir.list()
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for _, name := range to {
		left[slug(name)] = true
	}
	for _, entry := range entries {
		who, ok := strings.CutPrefix(entry.Name(), waitPrefix)
		if !ok {
			continue
		}
		if left[who] {
			delete(left, who)
		} else if err := dir.remove(entry.Name()); err != nil {
			return err
		}
	}
	for who := range left {
		if err := dir.touch(waitPrefix + who); err != nil {
			return err
		}
	}
	return nil
}

// Delivered says that a reporter has an event, so that it does not get it
// again, in this process or another. When the disk does not take that, the
// error says so and the store remembers it: see [Store.RetryMarks].
func (s *Store) Delivered(id, to string) error { return s.mark(mark{id, to}, "") }

// Refused says that a reporter will never take an event, and why. The reason is
// kept beside the event's files where there is room for it.
func (s *Store) Refused(id, to, reason string) error {
	return s.mark(mark{id, to}, firstOf(reason, "no reason given"))
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (s *Store) mark(m mark, reason string) error {
	s.mu.Lock()
	s.owed[m] = reason // first of all: nobody shall get it meanwhile
	s.mu.Unlock()
	if err := s.pay(m, reason); err != nil {
		return fmt.Errorf("holmes: dump: mark %s for %s: %w", m.id, m.to, err)
	}
	return nil
}

// pay writes a mark to disk. An event that is gone needs none.
func (s *Store) pay(m mark, reason string) error {
	err := s.writeMark(m, reason)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		s.mu.Lock()
		delete(s.owed, m)
		s.mu.Unlock()
	}
	return err
}

func (s *Store) writeMark(m mark, reason string) error {
	root, err := s.place.open()
	if err != nil {
		return err
	}
	defer root.close()
	dir, err := root.sub(m.id)
	if err != nil {
		return err
	}
	defer dir.close()
	done := sentPrefix + slug(m.to)
	if reason != "" {
		done = refusedPrefix + slug(m.to)
	}
	if err := dir.rename(waitPrefix+slug(m.to), done); err != nil {
		return err
	}
	if reason != "" {
		_ = s.explain(dir, done, reason) // the mark counts, the words are a help
	}
	return dir.sync()
}

// explain writes the reason into a mark, where it fits.
func (s *Store) explain(dir folder, name, reason string) error {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	return s.locked(func(root folder) error {
		if err := s.makeRoom(root, demand{bytes: int64(len(reason)) + 1, modest: true}); err != nil {
			return err
		}
		f, err := dir.open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return err
		}
		_, err = io.WriteString(f, reason+"\n")
		return errors.Join(err, f.close())
	})
}

// setAside marks an event as damaged.
func (s *Store) setAside(id, reason string) error {
	root, err := s.place.open()
	if err != nil {
		return err
	}
	defer root.close()
	dir, err := root.sub(id)
	if err != nil {
		return err
	}
	defer dir.close()
	if err := dir.touch(damagedName); err != nil {
		return err
	}
	_ = s.explain(dir, damagedName, reason)
	return dir.sync()
}

// RetryMarks catches up with the marks that the disk did not take before.
func (s *Store) RetryMarks() error {
	s.mu.Lock()
	owed := maps.Clone(s.owed)
	s.mu.Unlock()
	var errs []error
	for m, reason := range owed {
		errs = append(errs, s.pay(m, reason))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("holmes: dump: mark in %s: %w", s.place.dir, err)
	}
	return nil
}

// Tidy removes what is too old, and what is more than it may be. It is for
// calling now and then.
func (s *Store) Tidy() error {
	if err := s.locked(s.tidy); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: dump: tidy %s: %w", s.place.dir, err)
	}
	return nil
}
