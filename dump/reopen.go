package dump

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// Reopen opens an event of this store again, to complete it: one that
// [Store.Adopt] returned as unfinished, or one that was closed and whose files
// could not all be written then. A crash leaves it as unfinished.
//
// It fails with [ErrDamaged], after it has set the event aside, when its files
// are not what was written; with [ErrOpen] while it is open or taken; and with
// [ErrTaken], [ErrEvicted], [ErrExpired] or [ErrGone] when it is not this
// store's any more.
func (s *Store) Reopen(id string) (*Entry, error) {
	e, err := s.reopen(id)
	if err := s.setAside(id, err); err != nil {
		return nil, fmt.Errorf("holmes: dump: reopen %s: %w", id, err)
	}
	return e, nil
}

func (s *Store) reopen(id string) (*Entry, error) {
	e, ev, err := s.enter(id)
	if err != nil {
		return nil, err
	}
	known, err := checksum.Read(e.dir)
	var files []checksum.Sum
	if err == nil {
		files, err = known.Verify(e.dir) // not under the lock: it reads all files
	}
	if err == nil {
		err = s.locked(func(root disk.Dir) error { return e.unseal(root, ev, files) })
	}
	if err != nil {
		s.forget(e, !errors.Is(err, ErrDamaged) && !ev.Sealed)
		e.dir.Close()
		return nil, err
	}
	return e, nil
}

// enter makes the event one of the open events.
func (s *Store) enter(id string) (e *Entry, ev *scan.Event, err error) {
	err = s.locked(func(root disk.Dir) error {
		if s.leases[id] > 0 {
			return ErrOpen
		}
		if ev, err = s.ownEvent(root, id); err != nil {
			return err
		}
		if err := s.owner.Claim(root); err != nil {
			return err
		}
		dir, err := root.Sub(id)
		if err == nil {
			e = s.newEntry(id, dir, 0)
		}
		return err
	})
	return e, ev, s.whyMissing(id, err)
}

// unseal begins the checksums anew, with those of the files that exist and
// without a last line. They are in another file first: if the process is killed
// halfway, the next one finds the earlier ones.
func (e *Entry) unseal(root disk.Dir, ev *scan.Event, files []checksum.Sum) error {
	if ev.Sealed {
		if err := e.dir.Rename(layout.SealName, layout.SumsName); err != nil {
			return err
		}
	}
	for _, f := range files {
		e.sums = append(e.sums, f.Line()...)
		e.lines++
	}
	e.room = int64(len(e.sums)) + checksum.Room
	if err := e.store.makeRoom(root, demand{bytes: e.room, by: e}); err != nil {
		return err
	}
	temp := layout.TempName("sums") // which an interrupted process leaves as an incomplete file
	err := with(e.dir, temp, os.O_TRUNC, func(f *disk.File) error {
		if _, err := f.Write(e.sums); err != nil {
			return err
		}
		return f.Truncate(e.room)
	})
	if err != nil {
		return errors.Join(err, filelock.IgnoreMissing(e.dir.Remove(temp)))
	}
	return e.dir.Rename(temp, layout.SumsName)
}

// withSums runs f with the checksums of an open event open for writing.
func withSums(dir disk.Dir, f func(*disk.File) error) error { return with(dir, layout.SumsName, 0, f) }

func with(dir disk.Dir, name string, flag int, f func(*disk.File) error) error {
	file, err := dir.Open(name, os.O_CREATE|os.O_WRONLY|flag)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
