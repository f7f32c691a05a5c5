package files

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/go-holmes/holmes/collector"
)

// Open opens a stored profile. Its content is checked first.
func (s *Store) Open(_ context.Context, id string) (*collector.File, error) {
	blob, part, ok := parseProfileID(id)
	if !ok {
		return nil, collector.Errorf(collector.NotFound, "nothing found")
	}
	return s.open(blob, func(r *record) int {
		n := max(part, 0)
		if r.alone() != (part < 0) || n >= len(r.Files) || r.Files[n].Kind == "" {
			return -1
		}
		return n
	})
}

// OpenAll opens stored profiles, one after the other as they are asked for.
func (s *Store) OpenAll(ctx context.Context, ids []string) iter.Seq2[*collector.File, error] {
	return func(yield func(*collector.File, error) bool) {
		for _, id := range ids {
			f, err := (*collector.File)(nil), ctx.Err()
			if err == nil {
				f, err = s.Open(ctx, id)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// OpenFile opens a file of an event.
func (s *Store) OpenFile(_ context.Context, event, name string) (*collector.File, error) {
	blob, ok, err := s.lookUp(collector.EventKey(event))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, collector.Errorf(collector.NotFound, "nothing found")
	}
	return s.open(blob, func(r *record) int {
		return slices.IndexFunc(r.Files, func(f fileRecord) bool { return f.Name == name })
	})
}

// open opens the file of a blob that choose names.
func (s *Store) open(id blobID, choose func(*record) int) (*collector.File, error) {
	f, rec, err := s.openBlob(id)
	if err != nil {
		return nil, err
	}
	n := choose(rec)
	if n < 0 {
		return nil, errors.Join(collector.Errorf(collector.NotFound, "nothing found"), f.Close())
	}
	content, err := rec.section(f, n)
	if err != nil {
		_ = f.Close() // it was only read
		if isDamage(err) {
			err = s.damagedFile(id, rec, n, err)
		}
		return nil, err
	}
	m, ok := rec.meta(id, n)
	if !ok {
		m = collector.Meta{File: rec.Files[n].Name, Size: rec.Files[n].Size}
	}
	return &collector.File{Meta: m, SectionReader: content, Closer: f}, nil
}

// Event returns an event by its ID.
func (s *Store) Event(_ context.Context, id string) (collector.Event, error) {
	blob, ok, err := s.lookUp(collector.EventKey(id))
	if err != nil {
		return collector.Event{}, err
	}
	if !ok {
		return collector.Event{}, collector.Errorf(collector.NotFound, "nothing found")
	}
	f, rec, err := s.openBlob(blob)
	if err != nil {
		return collector.Event{}, err
	}
	return rec.event(blob), f.Close()
}

// Services returns the names of all services that have uploads.
func (s *Store) Services(ctx context.Context) ([]string, error) {
	if s.isClosed() {
		return nil, errClosed()
	}
	names := s.services()
	slices.Sort(names)
	return names, ctx.Err()
}
