package files

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
)

// Relaxed makes a store sync nothing, for tests that are not about durability.
func (o Options) Relaxed() Options {
	o.relaxed = true
	return o
}

// OnDisk makes a store believe that its file system has so many bytes free, and
// so many in all.
func (o Options) OnDisk(disk func() (free, size int64)) Options {
	o.disk = func(string) (int64, int64, error) {
		free, size := disk()
		return free, size, nil
	}
	return o
}

// BufferSize bounds the part of an upload that is in memory.
const BufferSize = bufferSize

// Slots is the number of uploads in one directory.
const Slots = slots

// Die ends the use of a store as a crash of the process would: nothing is written.
func (s *Store) Die() error {
	return errors.Join(s.db.Close(), s.lock.Close())
}

// Sealed is the number of directories that are in the index.
func (s *Store) Sealed() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sealed)
}

// Stock fills the index of an empty store with n profiles, whose files are names of
// empty ones, and closes the store.
func (s *Store) Stock(n int, profile func(i int) collector.Meta) error {
	var first string
	for i := range n {
		id := newBlobID(uint64(i))
		open := s.filling[id.dir()]
		if open == nil {
			open = s.newOpenSegment(id.dir())
			s.filling[id.dir()] = open
			if err := os.Mkdir(open.names.path, 0o700); err != nil {
				return err
			}
		}
		if i%slots == 0 {
			first = ""
		}
		if err := linkTo(&first, filepath.Join(open.names.path, id.String())); err != nil {
			return err
		}
		m := profile(i)
		r := &record{
			ID: id.String(), Received: time.Unix(int64(i), 0), Service: m.Service, Labels: m.Labels, size: m.Size,
			Files: []fileRecord{{Name: m.File, Size: m.Size, Kind: m.Kind, Created: m.CreatedAt, Duration: m.Duration, Totals: m.Totals}},
		}
		rows, err := r.rows(id)
		if err != nil {
			return err
		}
		s.next++
		s.put(id, open, r, rows)
		if id.slot() == slots-1 {
			s.sealFull()
		}
	}
	return s.Close()
}

// Adopt makes an index that was copied pass for the original.
func Adopt(dir string) error {
	path := filepath.Join(dir, indexFile)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		inode := binary.BigEndian.AppendUint64(nil, inodeOf(path))
		return tx.Bucket([]byte(aboutBucket)).Put([]byte(inodeKey), inode)
	})
	return errors.Join(err, db.Close())
}

// linkTo makes another name of a file, or an empty file if there is none.
func linkTo(file *string, name string) error {
	if *file != "" {
		return os.Link(*file, name)
	}
	*file = name
	return os.WriteFile(name, nil, 0o600)
}

// ValueLists are the lists of a label's values that were made, by directory.
func (s *Store) ValueLists(label string) map[uint64]*uint32 {
	lists := map[uint64]*uint32{}
	for dir, list := range s.cached.labels[termPrefix(label)+"\x00"].lists {
		lists[dir] = &list.numbers[0]
	}
	return lists
}
