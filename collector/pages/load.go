package pages

import (
	"context"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
)

// mostMerged bounds the profiles of one picture; the newest are taken.
const mostMerged = 200

// A sum is profiles added up.
type sum struct {
	*profile.Profile
	Metas    []collector.Meta
	More     bool // older ones were left out
	Duration time.Duration
}

// find returns the profiles of a selection, the newest first.
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

// load adds up the profiles of a selection.
func (p *Pages) load(ctx context.Context, s *selection) (*sum, error) {
	if s.isZero() {
		return nil, collector.Errorf(collector.Invalid, "no profile is selected: give an id, or a service and a type")
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

// describe is the selection in words.
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
