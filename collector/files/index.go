package files

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// openIndex opens the index, or begins a new one if it is damaged or not wanted.
func (s *Store) openIndex() error {
	path := filepath.Join(s.dir, indexFile)
	if s.opts.Rebuild {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	db, err := openDB(path, s.opts.relaxed)
	if _, bad := errors.AsType[*damagedIndexError](err); bad {
		s.opts.Log.Sugar().Warnf("the index is damaged and is made anew: %v", err)
		if err := os.Rename(path, path+".damaged"); err != nil {
			return err
		}
		db, err = openDB(path, s.opts.relaxed)
	}
	if err != nil {
		return fmt.Errorf("index: %w", diskError(err))
	}
	s.db = db
	return nil
}

// A damagedIndexError is an index file that cannot be used.
type damagedIndexError struct{ err error }

func (d *damagedIndexError) Error() string { return d.err.Error() }
func (d *damagedIndexError) Unwrap() error { return d.err }

// lockWait is how long a second process waits for the index of the first, on a
// system where it gets so far.
const lockWait = time.Second

// openDB opens the index and reads all of it. An index is copied while it is in
// use, by whoever makes a backup, and its pages have no checksums: damage shows
// as an error, as a panic, or as memory that cannot be read. All of that is a
// damagedIndexError. Segments have a checksum of their own.
func openDB(path string, relaxed bool) (db *bbolt.DB, err error) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			db, err = nil, &damagedIndexError{fmt.Errorf("%v", p)}
		}
	}(debug.SetPanicOnFault(true))
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType, NoSync: relaxed})
	if err != nil {
		return nil, openError(err)
	}
	inode := inodeOf(path)
	err = db.View(func(tx *bbolt.Tx) error { return readAll(tx, inode) })
	if errors.Is(err, bolterrors.ErrBucketNotFound) {
		err = db.Update(func(tx *bbolt.Tx) error { return makeBuckets(tx, inode) })
	}
	if err != nil {
		return nil, errors.Join(openError(err), db.Close())
	}
	return db, nil
}

func makeBuckets(tx *bbolt.Tx, inode uint64) error {
	for _, name := range []string{segmentsBucket, keysBucket, aboutBucket} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(aboutBucket)).Put([]byte(inodeKey), binary.BigEndian.AppendUint64(nil, inode))
}

var errCopied = errors.New("it is a copy, which may have been made while it was written to")

// readAll touches every byte of the index, and compares the file that it was
// made as with the one that it is. It writes nothing: a full disk must not keep
// a store from being read.
func readAll(tx *bbolt.Tx, inode uint64) error {
	about := tx.Bucket([]byte(aboutBucket))
	if about == nil {
		return bolterrors.ErrBucketNotFound
	}
	if was := about.Get([]byte(inodeKey)); len(was) != 8 || binary.BigEndian.Uint64(was) != inode {
		return errCopied
	}
	sum := crc32.New(checksumTable())
	for _, name := range []string{segmentsBucket, keysBucket} {
		b := tx.Bucket([]byte(name))
		if b == nil {
			return bolterrors.ErrBucketNotFound
		}
		if err := b.ForEach(func(_, v []byte) error {
			_, err := sum.Write(v)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// openError tells damage from what the system or another process is in the way
// of.
func openError(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	if system || errors.Is(err, bolterrors.ErrTimeout) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &damagedIndexError{err}
}
