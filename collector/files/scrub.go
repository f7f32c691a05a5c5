package files

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// scrubKey is where the index has the directory at which the next process goes on.
const scrubKey = "scrub"

// Scrub reads the next n uploads, sets damaged ones aside, and returns the number
// that it read. It is less than n when all were read; the next call begins anew, as
// does the next process after the directory at which this one ended.
func (s *Store) Scrub(ctx context.Context, n int) (checked int, err error) {
	s.scrubber.Lock()
	defer s.scrubber.Unlock()
	q := &s.scrubber.queue
	for ; checked < n; checked++ {
		if err := ctx.Err(); err != nil {
			return checked, err
		}
		if s.isClosed() {
			return checked, errClosed()
		}
		if len(q.ahead) == 0 {
			more, err := q.load(s, func(*upload) bool { return true })
			if err != nil {
				return checked, err
			}
			if !more {
				q.dir = 0
			}
			s.keepScrubbed(q.dir)
			if !more {
				return checked, nil
			}
		}
		id := q.ahead[0].id
		q.ahead = q.ahead[1:]
		if err := s.verify(id); err != nil {
			return checked, err
		}
	}
	return checked, nil
}

// verify reads a blob to its end. Damage is no error.
func (s *Store) verify(id blobID) error {
	if !s.there(id) {
		return nil
	}
	f, err := os.Open(s.blobPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed meanwhile
	}
	if err != nil {
		return fmt.Errorf("holmes: scrub: %w", err)
	}
	defer f.Close()
	rec, err := readRecord(f, id)
	if isDamage(err) {
		_ = s.setAside(id, err) // is reported
		return nil
	}
	if err != nil {
		return fmt.Errorf("holmes: scrub: %w", err)
	}
	for n := range rec.Files {
		_, err := rec.section(f, n)
		if isDamage(err) {
			_ = s.damagedFile(id, rec, n, err) // is reported
		} else if err != nil {
			return fmt.Errorf("holmes: scrub: %w", err)
		}
	}
	return nil
}

// keepScrubbed remembers where the next process goes on.
func (s *Store) keepScrubbed(dir uint64) {
	err := s.write(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(aboutBucket)).Put([]byte(scrubKey), binary.BigEndian.AppendUint64(nil, dir))
	})
	if err != nil {
		s.opts.Log.Sugar().Warnf("write the index: %v", err)
	}
}

func (s *Store) loadScrubbed() error {
	return s.read(func(tx *bbolt.Tx) error {
		if raw := tx.Bucket([]byte(aboutBucket)).Get([]byte(scrubKey)); len(raw) == 8 {
			s.scrubber.queue.dir = binary.BigEndian.Uint64(raw)
		}
		return nil
	})
}

// A Damage is an upload, or a file of one, that [Check] has found to be damaged.
type Damage struct {
	Path    string
	ID      string // of the upload
	File    string // of the upload, or "" if its record is damaged
	Service string // "" if it cannot be recognized
	Err     error
}

// Check reads all uploads in the directory of a store, which may be in use, and calls
// found for the damaged ones. It changes nothing. Progress, which may be nil, is
// called after each upload.
func Check(ctx context.Context, dir string, found func(Damage), progress func(done, total int)) (uploads int, err error) {
	s := &Store{dir: dir, opts: Options{Progress: progress}.withDefaults()}
	dirs, err := s.listDirs()
	if err != nil {
		return 0, fmt.Errorf("holmes: check: %w", err)
	}
	var all []blobID
	for _, d := range dirs {
		ids, err := s.listBlobs(d)
		if err != nil {
			return 0, fmt.Errorf("holmes: check: %w", err)
		}
		all = append(all, ids...)
	}
	for i, id := range all {
		if err := ctx.Err(); err != nil {
			return uploads, err
		}
		there, err := s.check(id, found)
		if err != nil {
			return uploads, fmt.Errorf("holmes: check: %w", err)
		}
		if there {
			uploads++
		}
		s.opts.Progress(i+1, len(all))
	}
	return uploads, nil
}

// check reads one blob, and reports whether it is there still.
func (s *Store) check(id blobID, found func(Damage)) (bool, error) {
	d := Damage{Path: s.blobPath(id), ID: id.String()}
	f, err := os.Open(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	rec, err := readRecord(f, id)
	if isDamage(err) {
		d.Service, d.Err = damagedService(d.Path), err
		found(d)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for n := range rec.Files {
		_, err := rec.section(f, n)
		if isDamage(err) {
			d.File, d.Service, d.Err = rec.Files[n].Name, rec.Service, err
			found(d)
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}
