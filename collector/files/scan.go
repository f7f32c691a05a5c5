package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// unknown returns the directories with blobs that may be missing in the index.
func (s *Store) unknown(dirs []uint64) []uint64 {
	known := map[uint64]bool{}
	for _, sl := range s.sealed {
		known[sl.dir] = true
	}
	var missing []uint64
	for _, dir := range dirs {
		if !known[dir] {
			missing = append(missing, dir)
		}
	}
	return missing
}

// scan reads blobs from the files, and seals all directories but the last.
func (s *Store) scan(ctx context.Context, dirs []uint64) error {
	lists := make([][]blobID, len(dirs))
	total, done := 0, 0
	for i, dir := range dirs {
		ids, err := s.listBlobs(dir)
		if err != nil {
			return err
		}
		if s.next>>slotBits == dir+1 { // it is the last one
			s.next = s.filling[dir].after(dir, ids)
		}
		if s.filling[dir] == nil {
			s.filling[dir] = s.newOpenSegment(dir)
		}
		s.filling[dir].pending++ // until it is read
		lists[i] = s.filling[dir].without(ids)
		total += len(lists[i])
	}
	for i, dir := range dirs {
		open := s.filling[dir]
		if err := s.readBlobs(ctx, open, lists[i]); err != nil {
			return err
		}
		open.pending--
		if done += len(lists[i]); len(lists[i]) > 0 {
			s.opts.Progress(done, total)
		}
		s.sealFull()
	}
	return nil
}

// after returns the number of the next upload, if the last directory has these blobs.
// Numbers of blobs that were removed are not given again: a row may have them.
func (open *openSegment) after(dir uint64, ids []blobID) uint64 {
	next := dir << slotBits
	if len(ids) > 0 {
		next = ids[len(ids)-1].seq + 1
	}
	if open != nil {
		for i := range open.rows {
			id, _ := fromRef(dir, open.rows[i].Ref)
			next = max(next, id.seq+1)
		}
	}
	return next
}

// without returns the blobs that are missing in the segment.
func (open *openSegment) without(ids []blobID) []blobID {
	has := map[blobID]bool{}
	for i := range open.rows {
		id, _ := fromRef(open.dir, open.rows[i].Ref)
		has[id] = true
	}
	return slices.DeleteFunc(ids, func(id blobID) bool { return has[id] })
}

// readBlobs adds blobs to a segment, in order, from their files. Damaged ones are
// moved away.
func (s *Store) readBlobs(ctx context.Context, open *openSegment, ids []blobID) error {
	records, errs := make([]*record, len(ids)), make([]error, len(ids))
	var next atomic.Int64
	var readers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for n := next.Add(1) - 1; int(n) < len(ids) && ctx.Err() == nil; n = next.Add(1) - 1 {
				records[n], errs[n] = s.readBlob(ids[n])
			}
		})
	}
	readers.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, id := range ids {
		err := errs[i]
		var rows []segment.Row
		if err == nil {
			rows, err = records[i].rows(id)
		}
		switch {
		case err == nil:
			s.put(id, open, records[i], rows)
		case isDamage(err):
			if err := s.moveAside(id); err != nil {
				return err
			}
			s.reportDamage(id, "", damagedService(s.asidePath(id)), err)
		case errors.Is(err, fs.ErrNotExist): // removed by hand meanwhile
		default:
			return err
		}
	}
	return nil
}

func (s *Store) readBlob(id blobID) (*record, error) {
	f, err := os.Open(s.blobPath(id))
	if err != nil {
		return nil, err
	}
	rec, err := readRecord(f, id)
	return rec, errors.Join(err, f.Close())
}
