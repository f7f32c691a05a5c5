package pages

import (
	"context"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// mostNamed bounds the profiles of a picture that no service and type names; the
// newest are taken.
const mostNamed = 200

// A sum is what profiles make together.
type sum struct {
	*merge.Fold
	Metas []collector.Meta // the newest of them
	More  bool             // older ones were left out
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

// load makes one of the profiles of a selection, with the labels of samples if they
// are wanted.
func (p *Pages) load(ctx context.Context, s *selection, view merge.View, labels bool) (*sum, error) {
	if s.isZero() {
		return nil, collector.Errorf(collector.Invalid, "no profile is selected: give an id, or a service and a type")
	}
	metas, more, err := p.find(ctx, s, mostNamed)
	if err != nil {
		return nil, err
	}
	notFound := collector.Errorf(collector.NotFound, "no profile was found: %s", s.describe())
	switch q := &s.Query; {
	case len(metas) > 0:
		if err := drawable(metas); err != nil {
			return nil, err
		}
	case q.Service == "" || !q.Kind.Pprof() || q.Kind == "" || s.ID != "" || s.Event != "":
		return nil, notFound
	}
	r := merge.Request{Query: s.Query, View: view, Labels: labels}
	if r.Query.Kind == "" && len(metas) > 0 {
		r.Query.Kind = metas[0].Kind
	}
	if s.ID != "" || s.Event != "" || s.Query.Service == "" {
		r.Query = collector.Query{}
		for _, m := range metas {
			r.IDs = append(r.IDs, m.ID)
		}
	} else {
		more = false // the query has them all
	}
	f, err := p.config.Fold(ctx, r)
	if len(metas) == 0 && collector.CodeOf(err) == collector.NotFound {
		err = notFound // roll-ups have none either
	}
	return &sum{f, metas, more}, err
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
	for i := range q.Matchers {
		text += " where " + q.Matchers[i].String()
	}
	if !q.From.IsZero() {
		text += " from " + stamp(q.From)
	}
	if !q.To.IsZero() {
		text += " until " + stamp(q.To)
	}
	return text
}
