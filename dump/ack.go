package dump

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

// The delivery of an event is noted in one file for each reporter, whose name
// says whether the event waits for it. The files are empty, so they fit into any
// budget, and one rename acknowledges a delivery.

// An ack is one reporter's for one event.
type ack struct{ id, to string }

// maxReason bounds the reason in a file, in bytes.
const maxReason = 1000

// address makes the files of those reporters, and removes those of others.
func address(dir disk.Dir, to []string) error {
	entries, err := dir.List()
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for _, name := range to {
		left[layout.Slug(name)] = true
	}
	for _, entry := range entries {
		slug, ok := strings.CutPrefix(entry.Name(), layout.WaitPrefix)
		if !ok {
			continue
		}
		if left[slug] {
			delete(left, slug)
		} else if err := dir.Remove(entry.Name()); err != nil {
			return err
		}
	}
	for slug := range left {
		if err := dir.Touch(layout.WaitPrefix + slug); err != nil {
			return err
		}
	}
	return nil
}

// Delivered says that a reporter has an event, so that it does not get it
// again, in this process or another. When the disk does not take that, the
// error says so and the store remembers it: see [Store.RetryMarks].
func (s *Store) Delivered(id, to string) error { return s.acknowledge(ack{id, to}, "") }

// Refused says that a reporter will never take an event, and why. The reason is
// kept beside the event's files where there is room for it.
func (s *Store) Refused(id, to, reason string) error {
	if reason == "" {
		reason = "no reason given"
	}
	return s.acknowledge(ack{id, to}, reason)
}

func (s *Store) acknowledge(a ack, refusal string) error {
	s.mu.Lock()
	s.unsaved[a] = refusal // first, so that no delivery begins meanwhile
	s.mu.Unlock()
	if err := s.saveAck(a, refusal); err != nil {
		return fmt.Errorf("holmes: dump: acknowledge %s for %s: %w", a.id, a.to, err)
	}
	return nil
}

// saveAck writes an ack to disk. An event that is gone needs none.
func (s *Store) saveAck(a ack, refusal string) error {
	err := filelock.IgnoreMissing(s.inEvent(a.id, func(_, dir disk.Dir) error {
		done := layout.SentPrefix + layout.Slug(a.to)
		if refusal != "" {
			done = layout.RefusedPrefix + layout.Slug(a.to)
		}
		if err := dir.Rename(layout.WaitPrefix+layout.Slug(a.to), done); err != nil {
			return err
		}
		if refusal != "" {
			_ = s.writeReason(dir, done, refusal) // the name is what counts
		}
		return dir.Sync()
	}))
	if err == nil {
		s.mu.Lock()
		delete(s.unsaved, a)
		s.mu.Unlock()
	}
	return err
}

// writeReason writes a reason into a file, where it fits.
func (s *Store) writeReason(dir disk.Dir, name, reason string) error {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	return s.locked(func(root disk.Dir) error {
		if err := s.makeRoom(root, demand{bytes: int64(len(reason)) + 1, modest: true}); err != nil {
			return err
		}
		f, err := dir.Open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return err
		}
		_, err = io.WriteString(f, reason+"\n")
		return errors.Join(err, f.Close())
	})
}

// setAside marks an event as damaged if err says that it is, and returns err.
func (s *Store) setAside(id string, err error) error {
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	reason := strings.TrimPrefix(err.Error(), ErrDamaged.Error()+": ")
	return errors.Join(err, filelock.IgnoreMissing(s.inEvent(id, func(_, dir disk.Dir) error {
		if err := dir.Touch(layout.DamagedName); err != nil {
			return err
		}
		_ = s.writeReason(dir, layout.DamagedName, reason)
		return dir.Sync()
	})))
}

// RetryMarks writes what [Store.Delivered] and [Store.Refused] said and the disk
// did not take.
func (s *Store) RetryMarks() error {
	s.mu.Lock()
	unsaved := maps.Clone(s.unsaved)
	s.mu.Unlock()
	var errs []error
	for a, refusal := range unsaved {
		errs = append(errs, s.saveAck(a, refusal))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("holmes: dump: acknowledge in %s: %w", s.location.Dir, err)
	}
	return nil
}
