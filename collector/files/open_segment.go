package files

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// An openSegment holds the rows of a directory of blobs that is being filled. It is
// sealed, that is, written to the index as one segment, when all slots of the
// directory are assigned and no commit is pending. If the process dies before, the
// next one reads the rows from the files.
type openSegment struct {
	dir     uint64
	rows    []segment.Row // is only appended to, so that a search can keep a slice of it
	keys    map[string]blobID
	blobs   int
	bytes   int64 // of the blobs
	gone    *removals
	pending int // commits under way
	sealing bool
	names   groupSync
}

func (s *Store) newOpenSegment(dir uint64) *openSegment {
	return &openSegment{
		dir: dir, keys: map[string]blobID{}, gone: new(removals),
		names: groupSync{path: filepath.Join(s.dir, blobsDir, dirName(dir)), once: s.syncDir},
	}
}

// begin assigns a slot to a commit, which ends with finish or abandon.
func (s *Store) begin() (blobID, *openSegment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return blobID{}, nil, errClosed()
	}
	id := newBlobID(s.next)
	open := s.filling[id.dir()]
	if open == nil {
		if len(s.filling) > maxOpenSegments {
			return blobID{}, nil, collector.Errorf(collector.Full, "the index cannot be written")
		}
		open = s.newOpenSegment(id.dir())
		if err := os.Mkdir(open.names.path, 0o700); err != nil && !os.IsExist(err) {
			return blobID{}, nil, fmt.Errorf("holmes: new directory: %w", diskError(err))
		}
		if err := s.syncDir(filepath.Dir(open.names.path)); err != nil {
			return blobID{}, nil, fmt.Errorf("holmes: new directory: %w", diskError(err))
		}
		s.filling[id.dir()] = open
	}
	s.next++
	s.committing[id.seq] = struct{}{}
	open.pending++
	s.commits.Add(1)
	return id, open, nil
}

// maxOpenSegments bounds the memory of segments that cannot be sealed.
const maxOpenSegments = 8

// abandon ends a commit that failed.
func (s *Store) abandon(id blobID, open *openSegment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.committing, id.seq)
	open.pending--
	s.commits.Done()
}

// finish makes a durable blob visible. From now on its bytes count as stored, not
// as reserved.
func (s *Store) finish(id blobID, open *openSegment, r *record, rows []segment.Row, reserved int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged -= reserved
	s.put(id, open, r, rows)
	delete(s.committing, id.seq)
	open.pending--
	s.commits.Done()
}

// put adds the rows of a blob. The caller holds mu.
func (s *Store) put(id blobID, open *openSegment, r *record, rows []segment.Row) {
	open.rows = append(open.rows, rows...)
	open.blobs++
	open.bytes += onDisk(r.size)
	open.gone.left++
	s.count(&upload{id: id, class: r.class(), service: r.Service, bytes: onDisk(r.size)})
	if r.Key != "" {
		open.keys[r.Key] = id
		s.keys[r.Key] = id
	}
}
