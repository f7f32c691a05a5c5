package pages

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
)

const (
	mostMerged  = 200      // profiles in one picture, the newest
	maxInflated = 64 << 20 // bytes of one profile; what came in was checked, a directory may hold anything
)

// A sum is profiles added up.
type sum struct {
	*profile.Profile
	Metas    []collector.Meta
	More     bool // there are more than were added
	Duration time.Duration
}

// find returns the profiles that are meant, the newest first.
func (p *Pages) find(ctx context.Context, s *selection, most int) (metas []collector.Meta, more bool, err error) {
	switch {
	case s.ID != "":
		m, err := p.meta(p.store.Open(ctx, s.ID))
		return []collector.Meta{m}, false, err
	case s.Event != "" && s.File != "":
		m, err := p.meta(p.store.OpenFile(ctx, s.Event, s.File))
		return []collector.Meta{m}, false, err
	}
	q := s.Query
	if q.Limit == 0 || q.Limit > most {
		q.Limit = most + 1
	}
	for m, err := range p.store.Find(ctx, q) {
		if err != nil {
			return nil, false, err
		}
		metas = append(metas, m)
	}
	if len(metas) > most {
		return metas[:most], true, nil
	}
	return metas, false, nil
}

func (p *Pages) meta(f *collector.File, err error) (collector.Meta, error) {
	if err != nil {
		return collector.Meta{}, err
	}
	m := f.Meta
	return m, f.Close()
}

// load adds up the profiles that are meant.
func (p *Pages) load(ctx context.Context, s *selection) (*sum, error) {
	if s.isZero() {
		return nil, collector.Errorf(collector.Invalid, "which profile is not said: give an id, or a service and a type")
	}
	metas, more, err := p.find(ctx, s, mostMerged)
	if err != nil {
		return nil, err
	}
	if len(metas) == 0 {
		return nil, collector.Errorf(collector.NotFound, "no profile was found: %s", s.describe())
	}
	if err := drawable(metas); err != nil {
		return nil, err
	}
	out := &sum{Metas: metas, More: more}
	var ids []string
	for _, m := range metas {
		ids = append(ids, m.ID)
		out.Duration += m.Duration
	}
	select {
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if out.Profile, err = p.config.Merge(ctx, ids); err != nil {
		return nil, err
	}
	return out, nil
}

// drawable returns an error unless these are profiles of one kind.
func drawable(metas []collector.Meta) error {
	for _, m := range metas {
		if m.Kind != metas[0].Kind {
			return collector.Errorf(collector.Invalid, "%s and %s profiles cannot be added up: say which type", metas[0].Kind, m.Kind)
		}
	}
	if m := metas[0]; m.ID == "" || !m.Kind.Pprof() {
		return collector.Errorf(collector.Unsupported, "%s is not a profile that can be drawn; download it", m.File)
	}
	return nil
}

// decode is what adds up profiles if nothing better was given.
func (p *Pages) decode(ctx context.Context, ids []string) (total *profile.Profile, err error) {
	const group = 16
	var some []*profile.Profile
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, err := p.read(ctx, id)
		if err != nil {
			return nil, err
		}
		if some = append(some, one); len(some) == group || i == len(ids)-1 {
			if total, err = add(some); err != nil {
				return nil, err
			}
			some = []*profile.Profile{total}
		}
	}
	return total, nil
}

func add(some []*profile.Profile) (*profile.Profile, error) {
	if len(some) == 1 {
		return some[0], nil
	}
	total, err := profile.Merge(some)
	if err != nil {
		return nil, collector.Errorf(collector.Unsupported, "the profiles cannot be added up: %w", err)
	}
	return total, nil
}

// read decodes a stored profile.
func (p *Pages) read(ctx context.Context, id string) (*profile.Profile, error) {
	f, err := p.store.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("holmes: pages: read %s: %w", id, err)
	}
	if raw, err = inflate(raw); err != nil {
		return nil, collector.Errorf(collector.Unsupported, "the profile cannot be read: %w", err)
	}
	one, err := profile.ParseData(raw)
	if err != nil {
		return nil, collector.Errorf(collector.Unsupported, "the profile cannot be read: %w", err)
	}
	return one, nil
}

// inflate returns what is gzipped as it was before, up to a size.
func inflate(raw []byte) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return raw, nil //nolint:nilerr // it is not gzipped, or the parser says that it is no profile
	}
	plain, err := io.ReadAll(io.LimitReader(zip, maxInflated+1))
	if err == nil && len(plain) > maxInflated {
		err = errors.New("it is too large")
	}
	return plain, err
}

// describe says in words what is meant.
func (s *selection) describe() string {
	q, text := &s.Query, "all profiles"
	switch {
	case s.ID != "":
		return "profile " + s.ID
	case s.Event != "" && s.File != "":
		return s.File + " of event " + s.Event
	case q.Kind != "":
		text = string(q.Kind) + " profiles"
	}
	if q.Service != "" {
		text += " of " + q.Service
	}
	if s.Event != "" {
		text += " of event " + s.Event
	}
	if len(q.Labels) > 0 {
		text += " with " + q.Labels.String()
	}
	if !q.From.IsZero() {
		text += " from " + stamp(q.From)
	}
	if !q.To.IsZero() {
		text += " until " + stamp(q.To)
	}
	return text
}
