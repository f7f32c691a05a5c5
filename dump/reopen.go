package dump

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
	if errors.Is(err, ErrDamaged) {
		reason := strings.TrimPrefix(err.Error(), ErrDamaged.Error()+": ")
		err = errors.Join(err, s.setAside(id, reason))
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: reopen %s: %w", id, err)
	}
	return e, nil
}

func (s *Store) reopen(id string) (*Entry, error) {
	e, ev, err := s.enter(id)
	if err != nil {
		return nil, err
	}
	known, err := readSums(e.dir)
	var files []sum
	if err == nil {
		files, err = known.verify(e.dir) // not under the lock: it reads all files
	}
	if err == nil {
		err = s.locked(func(root folder) error { return e.unseal(root, ev, files) })
	}
	if err != nil {
		s.forget(e, !errors.Is(err, ErrDamaged) && !ev.sealed)
		e.dir.close()
		return nil, err
	}
	return e, nil
}

// enter makes the event one that is open here.
func (s *Store) enter(id string) (e *Entry, ev event, err error) {
	err = s.locked(func(root folder) error {
		if s.open[id] != nil || s.held[id] > 0 {
			return ErrOpen
		}
		if ev, err = root.look(id); err != nil {
			return err
		}
		if ev.damaged {
			return ErrDamaged
		}
		if ev.owner != s.token {
			return ErrTaken
		}
		if err := s.claim(root); err != nil {
			return err
		}
		dir, err := root.sub(id)
		if err == nil {
			e = s.newEntry(id, dir)
		}
		return err
	})
	if ignoreMissing(err) == nil && err != nil {
		err = s.whyGone(id)
	}
	return e, ev, err
}

// unseal begins the checksums anew, with those of the files that are there and
// without a last line.
func (e *Entry) unseal(root folder, ev event, files []sum) error {
	if ev.sealed {
		if err := e.dir.rename(sealName, sumsName); err != nil {
			return err
		}
	}
	for _, f := range files {
		e.sums = append(e.sums, f.line()...)
		e.lines++
	}
	size := int64(len(e.sums)) + sealRoom
	if err := e.store.makeRoom(root, demand{bytes: max(0, size-e.sumsSize()), by: e}); err != nil {
		return err
	}
	return e.rewriteSums(size)
}

// rewriteSums writes the checksums anew, without a last line. A crash halfway
// costs some lines, which the next one who reopens the event makes again.
func (e *Entry) rewriteSums(size int64) (err error) {
	f, err := e.dir.open(sumsName, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if _, err := f.Write(e.sums); err != nil {
		return err
	}
	return f.truncate(size)
}

// sumsSize is the size of the file of the checksums, 0 when there is none.
func (e *Entry) sumsSize() int64 {
	if info, err := e.dir.stat(sumsName); err == nil {
		return info.Size()
	}
	return 0
}
