package files

import (
	"context"
	"math"
	"slices"
	"strconv"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
)

// Arrivals calls yield with the profiles that were stored after a mark, which is the
// number of an upload.
func (s *Store) Arrivals(ctx context.Context, mark string, yield func(collector.Meta) error) (string, error) {
	from := uint64(0)
	if mark != "" {
		var err error
		if from, err = strconv.ParseUint(mark, 10, 64); err != nil {
			return mark, collector.Errorf(collector.Invalid, "%.80q is not a mark", mark)
		}
	}
	v, err := s.view()
	if err != nil {
		return mark, err
	}
	for _, dir := range v.dirs(from, v.stable) {
		if err := ctx.Err(); err != nil {
			return mark, err
		}
		err := s.withSource(&v, dir, func(src *source) error {
			for row := range src.len() {
				if err := src.arrival(row, from, v.stable, yield); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return mark, err
		}
	}
	return strconv.FormatUint(max(from, v.stable), 10), nil
}

// dirs returns the directories that have uploads from a number on and below another,
// in order.
func (v *view) dirs(from, below uint64) (dirs []uint64) {
	has := func(dir uint64) bool { return dir >= from>>slotBits && dir<<slotBits < below }
	for _, sl := range v.sealed {
		if has(sl.dir) {
			dirs = append(dirs, sl.dir)
		}
	}
	for i := range v.filling {
		if dir := v.filling[i].dir; has(dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// withSource calls do with the source of a directory, unless retention has removed it.
// Each call is a transaction of its own: a long one would make the index grow.
func (s *Store) withSource(v *view, dir uint64, do func(*source) error) error {
	for i := range v.filling {
		if v.filling[i].dir == dir {
			return do(&v.filling[i])
		}
	}
	return s.read(func(tx *bbolt.Tx) error {
		src, err := sourceOf(map[uint64]*source{}, tx.Bucket([]byte(segmentsBucket)), v, dir)
		if err != nil || src == nil {
			return err
		}
		return do(src)
	})
}

// arrival hands on the profile of a row whose upload has a number within bounds.
func (s *source) arrival(row int, from, below uint64, yield func(collector.Meta) error) error {
	ref := s.ref(row)
	id, part := fromRef(s.dir, ref)
	if part == whole || id.seq < from || id.seq >= below || !s.alive(ref) {
		return nil
	}
	m, err := s.meta(row)
	if err != nil {
		return err
	}
	return yield(m)
}

// stableBelow is the lowest number of an upload that is not visible yet. The caller
// holds mu.
func (s *Store) stableBelow() uint64 {
	lowest := uint64(math.MaxUint64)
	for seq := range s.committing {
		lowest = min(lowest, seq)
	}
	return min(lowest, s.next)
}
