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

// openIndex opens the index. It begins a new one if it is damaged, or with
// [Options].Rebuild.
func (s *Store) openIndex() error {
	path := filepath.Join(s.dir, indexFile)
	if s.opts.Rebuild {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	db, err := openDB(path, s.opts.relaxed)
	if _, bad := errors.AsType[*damagedIndexError](err); bad {
		s.opts.Log.Sugar().Warnf("the index is damaged and is rebuilt: %v", err)
		if err := putAsideIndex(path); err != nil {
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
// system without flock.
const lockWait = time.Second

// openDB opens the index and reads all of it. A backup copies an index while it is
// in use, and its pages have no checksums: damage shows as an error, as a panic, or
// as memory that cannot be read. All of these become a damagedIndexError. Segments
// have a checksum of their own.
func openDB(path string, relaxed bool) (db *bbolt.DB, err error) {
	err = catchFault(func() (err error) {
		db, err = openFaulty(path, relaxed)
		return err
	})
	return db, err
}

// catchFault calls a function that uses the index. A panic there, also one by a
// memory fault, means damage, and does not end the process.
func catchFault(do func() error) (err error) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			err = &damagedIndexError{fmt.Errorf("%v", p)}
		}
	}(debug.SetPanicOnFault(true))
	return do()
}

func openFaulty(path string, relaxed bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType, NoSync: relaxed})
	if err != nil {
		return nil, openError(err)
	}
	inode := inodeOf(path)
	err = db.View(func(tx *bbolt.Tx) error {
		if err := readAll(tx, inode); err != nil {
			return err
		}
		return checkPages(tx)
	})
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

var errCopied = errors.New("it is a copy, which may have been made during a write")

// readAll reads every byte of the index, and compares its inode with the one that
// it was made as. It writes nothing: a store can be read on a full disk.
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

// checkPages checks the structure of the pages. It comes after readAll, since
// faults in its goroutine cannot be caught.
func checkPages(tx *bbolt.Tx) (err error) {
	for problem := range tx.Check() { // to the end, or its goroutine would never end
		if err == nil {
			err = problem
		}
	}
	return err
}

// read reads the index.
func (s *Store) read(do func(*bbolt.Tx) error) error {
	return catchFault(func() error { return s.db.View(do) })
}

// write changes the index. After damage was found, nothing more is written: new
// rows stay in memory, and the next Open rebuilds the index.
func (s *Store) write(do func(*bbolt.Tx) error) error {
	if s.broken.Load() {
		return errBroken
	}
	err := catchFault(func() error { return s.db.Update(do) })
	if _, damaged := errors.AsType[*damagedIndexError](err); damaged {
		s.broken.Store(true)
	}
	return err
}

var errBroken = errors.New("the index is damaged, and is rebuilt at the next start")

// closeIndex closes the index, or renames it if it is damaged. Closing a damaged
// one may block for ever.
func (s *Store) closeIndex() error {
	switch {
	case s.db == nil:
		return nil
	case s.broken.Load():
		return putAsideIndex(s.db.Path())
	default:
		return catchFault(s.db.Close)
	}
}

func putAsideIndex(path string) error { return os.Rename(path, path+".damaged") }

// openError tells damage from an error of the system and from a lock that another
// process holds.
func openError(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	if system || errors.Is(err, bolterrors.ErrTimeout) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &damagedIndexError{err}
}
