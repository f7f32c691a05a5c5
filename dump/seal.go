package dump

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

// syncsAtOnce bounds how many threads wait for the disk.
const syncsAtOnce = 4

// persist makes an event survive a loss of power: each file, the names of the files,
// and that of the event, once. The syncs run at the same time, because a disk that
// is slow is slow for each.
func (e *Entry) persist() error {
	root, err := e.store.location.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := e.dir.List()
	if err != nil {
		return err
	}
	syncs := []func() error{e.dir.Sync, root.Sync}
	for _, entry := range entries {
		if name := entry.Name(); entry.Type().IsRegular() && (name == layout.SealName || layout.CheckName(name) == nil) {
			syncs = append(syncs, func() error { return filelock.IgnoreMissing(e.dir.SyncFile(name)) })
		}
	}
	errs := make([]error, len(syncs))
	var next atomic.Int32
	var wg sync.WaitGroup
	for range syncsAtOnce {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(syncs); i = next.Add(1) - 1 {
				errs[i] = syncs[i]()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// complete brings the event into its last form, but for the name that says so. No
// writer is left.
func (e *Entry) complete(c Class) error {
	entries, err := e.dir.List()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if layout.IsTemp(entry.Name()) { // one that could not be removed when it failed
			if err := e.dir.Remove(entry.Name()); err != nil {
				return err
			}
		}
	}
	if !c.delivered() {
		if err := address(e.dir, nil); err != nil {
			return err
		}
	}
	for name, is := range map[string]bool{
		layout.DisposableName: c.Disposable, layout.RoutineName: c.Routine,
		layout.LatestPrefix + layout.Slug(c.Latest): c.Latest != "",
	} {
		if !is {
			continue
		}
		if err := e.dir.Touch(name); err != nil {
			return err
		}
	}
	if math.IsNaN(c.Height) || math.IsInf(c.Height, 0) {
		c.Height = 0
	}
	return e.writeSums(c)
}

// writeSums writes the last line, in the room that is reserved for it.
func (e *Entry) writeSums(c Class) error {
	seal := checksum.Seal{Series: c.Series, Height: c.Height, Kind: c.Kind}
	line := seal.Line(e.lines)
	return withSums(e.dir, func(f *disk.File) error {
		if err := e.putSum(f, line); err != nil {
			return err
		}
		return f.Truncate(int64(len(e.sums) + len(line)))
	})
}

// settle moves e from the open events to those that retention may remove, and
// seals it unless its completion failed. It is synced then, so it is whole for other
// processes while the disk takes its time.
func (s *Store) settle(e *Entry, c Class, complete bool) error {
	err := s.locked(func(root disk.Dir) error {
		delete(s.open, e.id)
		if complete {
			if err := e.dir.Rename(layout.SumsName, layout.SealName); err != nil {
				s.unfinished = true
				return err
			}
		}
		if !c.delivered() || !s.fits(root, demand{}) {
			return s.tidy(root)
		}
		return nil
	})
	s.forget(e, !complete)
	if err != nil || !complete {
		return err
	}
	return filelock.IgnoreMissing(e.persist()) // another process may have wanted its space
}

// forget removes e from the open events, unless that was done with the directory
// locked.
func (s *Store) forget(e *Entry, unfinished bool) {
	s.mu.Lock()
	if s.open[e.id] == e {
		delete(s.open, e.id)
		unfinished = true
	}
	s.unfinished = s.unfinished || unfinished
	s.mu.Unlock()
}

// discard removes the event of e, unless its name now is that of another
// directory.
func (s *Store) discard(e *Entry) error {
	err := s.locked(func(root disk.Dir) error {
		delete(s.open, e.id)
		if info, err := e.dir.Stat("."); err == nil && filelock.IsNamed(root.Root, e.id, info) {
			return erase(root, e.id)
		}
		return nil
	})
	s.forget(e, err != nil)
	return filelock.IgnoreMissing(err)
}
