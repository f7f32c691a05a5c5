package files

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/go-holmes/holmes/collector"
)

// Damage is an ordinary case: what cannot be read is left out, reported once, and
// everything else goes on.

// maxReported bounds what is remembered of damage that was reported.
const maxReported = 10_000

// A damage is what the store has found to be damaged.
type damage struct {
	found    int             // blobs and profiles
	reported map[string]bool // by ID
}

// isDamage reports whether an error of reading a blob is of its content, or of the
// sectors that hold it.
func isDamage(err error) bool { return errors.Is(err, errDamaged) || errors.Is(err, syscall.EIO) }

// setAside handles a blob that cannot be read: it is moved away for inspection and
// left out from now on, so that its key is free again. A blob on a disk that fails
// stays where it is, since the disk may recover. It returns the error for the caller.
func (s *Store) setAside(id blobID, why error) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	u, there, err := s.uploadOf(id)
	if err != nil {
		return errors.Join(why, err)
	}
	s.reportDamage(id, "", u.service, why)
	if errors.Is(why, errDamaged) && there {
		if err := s.moveAside(id); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errors.Join(why, err)
		}
		s.release(id)
		s.uncount(&u)
	}
	return damagedError(id.String(), why)
}

// damagedFile handles a file whose content is damaged: a single profile is set aside,
// a file of an event is left out by those who read it, and the event stays.
func (s *Store) damagedFile(id blobID, rec *record, n int, why error) error {
	if rec.alone() {
		return s.setAside(id, why)
	}
	s.reportDamage(id, rec.Files[n].Name, rec.Service, why)
	return damagedError(profileID(id, n, false), why)
}

// damagedError is the error of a profile or an upload that cannot be read.
func damagedError(id string, why error) error {
	return &collector.Error{Code: collector.Damaged, Message: id + " is damaged", Err: why}
}

// uploadOf finds the row of a blob.
func (s *Store) uploadOf(id blobID) (found upload, ok bool, err error) {
	err = s.inDir(id.dir(), func(src *source) error {
		return src.eachUpload(func(u *upload) bool {
			if u.id == id {
				found, ok = *u, true
			}
			return !ok
		})
	})
	return found, ok, err
}

// moveAside moves a blob away, for inspection.
func (s *Store) moveAside(id blobID) error {
	if err := os.MkdirAll(filepath.Join(s.dir, damagedDir), 0o700); err != nil {
		return err
	}
	if err := os.Rename(s.blobPath(id), s.asidePath(id)); err != nil {
		return err
	}
	now := s.opts.Now()
	return os.Chtimes(s.asidePath(id), now, now) // from which its age is counted
}

func (s *Store) asidePath(id blobID) string { return filepath.Join(s.dir, damagedDir, id.String()) }

// reportDamage counts and logs damage, once for each blob or part of one.
func (s *Store) reportDamage(id blobID, part, service string, why error) {
	name := id.String()
	if part != "" {
		name += "/" + part
	}
	s.mu.Lock()
	known := s.damage.reported[name]
	if !known {
		if s.damage.reported == nil || len(s.damage.reported) >= maxReported {
			s.damage.reported = map[string]bool{}
		}
		s.damage.reported[name] = true
		s.damage.found++
	}
	s.mu.Unlock()
	if known {
		return
	}
	s.opts.Log.Sugar().Warnw("a stored upload is damaged and is left out",
		"id", name, "service", service, "damaged", filepath.Join(s.dir, damagedDir), "error", why)
}

// damagedService reads the service of a blob whose record is damaged, if it can be
// recognized still. It is for messages alone.
func damagedService(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) < tailSize {
		return ""
	}
	length := int(binary.LittleEndian.Uint32(raw[len(raw)-tailSize:]))
	if length > len(raw)-tailSize {
		return ""
	}
	var r struct{ Service string }
	if json.Unmarshal(raw[len(raw)-tailSize-length:len(raw)-tailSize], &r) != nil {
		return ""
	}
	return r.Service
}
