package files

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// A shelf is a directory of blobs that is being filled, and its rows. It is
// sealed, that is, written to the index as one segment, when all its places
// were given out and nobody is on the way to one. What is on a shelf when the
// process dies is read from the files again.
type shelf struct {
	dir     uint64
	rows    []segment.Row // only ever appended to, so that a search can hold on to it
	keys    map[string]blobID
	blobs   int
	bytes   int64 // of the blobs
	pending int   // blobs on their way here
	sealing bool
	names   groupSync
}

func (s *Store) newShelf(dir uint64) *shelf {
	return &shelf{
		dir: dir, keys: map[string]blobID{},
		names: groupSync{path: filepath.Join(s.dir, blobsDir, dirName(dir)), once: s.syncDir},
	}
}

// begin gives out a place. It is given back by finish or by abandon.
func (s *Store) begin() (blobID, *shelf, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return blobID{}, nil, errClosed()
	}
	id := newBlobID(s.next)
	sh := s.shelves[id.dir()]
	if sh == nil {
		if len(s.shelves) > maxShelves {
			return blobID{}, nil, collector.Errorf(collector.Full, "the index cannot be written")
		}
		sh = s.newShelf(id.dir())
		if err := os.Mkdir(sh.names.path, 0o700); err != nil && !os.IsExist(err) {
			return blobID{}, nil, fmt.Errorf("holmes: new directory: %w", diskError(err))
		}
		if err := s.syncDir(filepath.Dir(sh.names.path)); err != nil {
			return blobID{}, nil, fmt.Errorf("holmes: new directory: %w", diskError(err))
		}
		s.shelves[id.dir()] = sh
	}
	s.next++
	sh.pending++
	s.commits.Add(1)
	return id, sh, nil
}

// maxShelves bounds the memory that is taken by shelves which cannot be sealed.
const maxShelves = 8

// abandon gives a place back that nothing was put on.
func (s *Store) abandon(sh *shelf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.pending--
	s.commits.Done()
}

// finish makes a blob visible that is durable at its place. From now on it
// counts as stored, and no more as reserved.
func (s *Store) finish(id blobID, sh *shelf, r *record, rows []segment.Row, reserved int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged -= reserved
	s.put(id, sh, r, rows)
	sh.pending--
	s.commits.Done()
}

// put adds a blob's rows to a shelf. The caller holds mu.
func (s *Store) put(id blobID, sh *shelf, r *record, rows []segment.Row) {
	sh.rows = append(sh.rows, rows...)
	sh.blobs++
	sh.bytes += onDisk(r.size)
	s.blobs++
	s.used += onDisk(r.size)
	if r.Key != "" {
		sh.keys[r.Key] = id
		s.keys[r.Key] = id
	}
}
