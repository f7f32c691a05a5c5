package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// keptDir has an empty file for each upload that is kept, below the name of how.
const keptDir = "kept"

const (
	openedDir = "opened"
	pinnedDir = "pinned"
)

// Keep keeps an event or a single profile. A pinned one is removed by request alone. The
// age of an opened one is counted from then on, and it is the last that is removed for
// its bytes. [collector.Unpinned] undoes both.
func (s *Store) Keep(ctx context.Context, what collector.Selection, how collector.Keeping) error {
	u, err := s.selected(ctx, what)
	if err != nil {
		return err
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	now := s.opts.Now()
	was, known := s.kept[u.id]
	switch {
	case how == collector.Unpinned:
		s.release(u.id)
		return nil
	case known && (was.pinned || how == collector.Opened && now.Sub(was.at) < time.Hour):
		return nil
	}
	dir := openedDir
	if how == collector.Pinned {
		dir = pinnedDir
	}
	path := s.keptPath(dir, u.id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("holmes: keep: %w", diskError(err))
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("holmes: keep: %w", diskError(err))
	}
	if err := os.Chtimes(path, now, now); err != nil {
		return fmt.Errorf("holmes: keep: %w", err)
	}
	s.kept[u.id] = kept{upload: u, pinned: how == collector.Pinned, at: now}
	return nil
}

func (s *Store) keptPath(dir string, id blobID) string {
	return filepath.Join(s.dir, keptDir, dir, id.String())
}

// release ends keeping an upload. The caller holds sweeping.
func (s *Store) release(id blobID) {
	if _, known := s.kept[id]; !known {
		return
	}
	delete(s.kept, id)
	for _, dir := range [...]string{openedDir, pinnedDir} {
		if err := os.Remove(s.keptPath(dir, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.opts.Log.Sugar().Warnf("stop keeping an upload: %v", err) // the next Open tries again
		}
	}
}

// loadKept reads which uploads are kept.
func (s *Store) loadKept() error {
	for _, dir := range [...]string{openedDir, pinnedDir} {
		entries, err := os.ReadDir(filepath.Join(s.dir, keptDir, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			id, ok := parseBlobID(e.Name())
			if !ok {
				continue
			}
			u, there, err := s.uploadOf(id)
			if err != nil {
				return err
			}
			if !there || !s.there(id) {
				_ = os.Remove(s.keptPath(dir, id)) // its upload is gone
				continue
			}
			k := kept{upload: u, pinned: dir == pinnedDir}
			if info, err := e.Info(); err == nil {
				k.at = info.ModTime()
			}
			s.kept[id] = k
		}
	}
	return nil
}

// leastKept is the upload that was opened the longest ago and is not pinned, or nil.
func (s *Store) leastKept(service string) (least *upload) {
	var at time.Time
	for _, k := range s.kept {
		if !k.pinned && (service == "" || k.service == service) && (least == nil || k.at.Before(at)) {
			u := k.upload
			least, at = &u, k.at
		}
	}
	return least
}

// selected returns the one upload that is selected.
func (s *Store) selected(_ context.Context, what collector.Selection) (u upload, err error) {
	var id blobID
	var ok bool
	switch {
	case what.Event != "":
		id, ok, err = s.lookUp(collector.EventKey(what.Event))
	case what.Profile != "":
		var part int
		if id, part, ok = parseProfileID(what.Profile); ok && part >= 0 {
			return u, collector.Errorf(collector.Invalid, "profile %s belongs to an event: name the event", what.Profile)
		}
	default:
		return u, collector.Errorf(collector.Invalid, "neither a profile nor an event is named")
	}
	if err != nil {
		return u, err
	}
	if ok && s.there(id) {
		if u, ok, err = s.uploadOf(id); ok || err != nil {
			return u, err
		}
	}
	return u, collector.Errorf(collector.NotFound, "nothing found")
}

// Delete removes what is selected, for good: it does not come back after a crash.
func (s *Store) Delete(ctx context.Context, what collector.Selection) (done collector.Deleted, err error) {
	if err := what.Validate(); err != nil {
		return done, err
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	defer s.logRemoved()
	var doomed []upload
	if what.Service == "" {
		u, err := s.selected(ctx, what)
		if err != nil {
			return done, err
		}
		doomed = append(doomed, u)
	} else if doomed, err = s.ofService(ctx, what.Service); err != nil {
		return done, err
	}
	dirs := map[uint64]bool{}
	for i := range doomed {
		if err := s.remove(&doomed[i], byRequest); err != nil {
			return done, err
		}
		dirs[doomed[i].id.dir()] = true
		done.Uploads++
		done.Bytes += doomed[i].bytes
	}
	for dir := range dirs {
		if err := s.syncDir(filepath.Join(s.dir, blobsDir, dirName(dir))); err != nil {
			return done, fmt.Errorf("holmes: delete: %w", err)
		}
	}
	return done, s.tidy()
}

// ofService returns all uploads of a service.
func (s *Store) ofService(ctx context.Context, service string) (all []upload, err error) {
	for dir, ok := s.nextDir(0); ok; dir, ok = s.nextDir(dir + 1) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := s.inDir(dir, func(src *source) error {
			return src.eachUpload(func(u *upload) bool {
				if u.service == service {
					all = append(all, *u)
				}
				return true
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
