package files

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// load restores the state that the last process has left.
func (s *Store) load(ctx context.Context) error {
	if err := s.clearIncoming(); err != nil {
		return err
	}
	if err := s.openIndex(); err != nil {
		return err
	}
	if err := s.loadScrubbed(); err != nil {
		return err
	}
	dirs, err := s.listDirs()
	if err != nil {
		return err
	}
	if err := s.loadIndex(dirs); err != nil {
		return err
	}
	if len(dirs) > 0 {
		s.next = (dirs[len(dirs)-1] + 1) << slotBits // unless scan finds that it has room
	}
	return s.scan(ctx, s.unknown(dirs))
}

// clearIncoming removes the drafts of the last process.
func (s *Store) clearIncoming() error {
	dir := filepath.Join(s.dir, incomingDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// listDirs returns the numbers of all directories of blobs, in order.
func (s *Store) listDirs() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, blobsDir))
	if err != nil {
		return nil, err
	}
	var dirs []uint64
	for _, e := range entries {
		if dir, ok := parseDirName(e.Name()); ok && e.IsDir() {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// listBlobs returns the blobs in a directory, in order. Files with other names are
// ignored.
func (s *Store) listBlobs(dir uint64) ([]blobID, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, blobsDir, dirName(dir)))
	if err != nil {
		return nil, err
	}
	var ids []blobID
	for _, e := range entries {
		if id, ok := parseBlobID(e.Name()); ok && id.dir() == dir && e.Type().IsRegular() {
			ids = append(ids, id)
		}
	}
	return ids, nil // ReadDir sorts by name, which is by number
}

// loadIndex loads the segments of directories that exist, and drops the others.
// Segments of directories that were not full become open segments again.
func (s *Store) loadIndex(dirs []uint64) error {
	var gone []uint64
	err := s.read(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(segmentsBucket)).ForEach(func(key, raw []byte) error {
			dir := uint64(binary.BigEndian.Uint32(key))
			if _, there := slices.BinarySearch(dirs, dir); !there {
				gone = append(gone, dir)
				return nil
			}
			return s.loadSegment(dir, raw)
		})
	})
	for _, dir := range gone {
		s.forget(dir)
	}
	return err
}

// loadSegment loads a segment. If it is damaged, the directory is read from the
// files instead.
func (s *Store) loadSegment(dir uint64, raw []byte) error {
	if !segment.Verify(raw) {
		s.opts.Log.Sugar().Warnf("the index of directory %s is damaged and is rebuilt", dirName(dir))
		return nil
	}
	seg, err := segment.Open(raw)
	if err != nil {
		return err
	}
	src := source{dir: dir, seg: seg}
	tags, err := s.present(dir)
	if err != nil {
		return err
	}
	src.gone = missing(&src, tags)
	if err := src.eachUpload(func(u *upload) bool {
		src.gone.left++
		s.count(u)
		return true
	}); err != nil {
		return err
	}
	if _, _, full := unpack(seg.Extra()); full {
		s.addSealed(dir, raw, src.gone)
		return nil
	}
	return s.unseal(&src, raw)
}

// unseal makes an open segment of a stored one.
func (s *Store) unseal(src *source, raw []byte) error {
	seg, err := segment.Open(slices.Clone(raw))
	if err != nil {
		return err
	}
	src.seg = seg
	dir := src.dir
	open := s.newOpenSegment(dir)
	open.gone = src.gone
	s.filling[dir] = open
	for i := range seg.Rows() {
		row := src.row(i)
		open.rows = append(open.rows, row)
		key, err := keyOf(dir, &row)
		if err != nil {
			return err
		}
		if id, _ := fromRef(dir, row.Ref); key != "" {
			open.keys[key], s.keys[key] = id, id
		}
	}
	open.blobs, open.bytes, _ = unpack(seg.Extra())
	return nil
}
