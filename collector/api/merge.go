package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/merge"
)

// maxIDs bounds the profiles that one request can name.
const maxIDs = 1000

// mergeProfiles answers with all profiles that profefe's search finds, merged.
func (rd *reader) mergeProfiles(w http.ResponseWriter, r *http.Request) error {
	q, err := profefeQuery(r.URL.Query(), rd.now())
	if err != nil {
		return err
	}
	if _, err := requiredKind(r.URL.Query()); err != nil {
		return err
	}
	return rd.merged(w, r, func(ctx context.Context) (*merge.Fold, error) { return rd.merger.Query(ctx, q) }, q.Kind.File())
}

// merged answers with a merged profile, as profefe does.
func (rd *reader) merged(w http.ResponseWriter, r *http.Request, get func(context.Context) (*merge.Fold, error), name string) error {
	ctx, stop := context.WithTimeout(r.Context(), rd.mergeLimit)
	defer stop()
	f, err := get(ctx)
	if err != nil {
		return err
	}
	return render.WriteProfile(w, f, name)
}

// A side is one side of a comparison, or the whole of a merge: profiles by ID, or
// all that a query finds.
type side struct {
	ids   []string
	query collector.Query
}

// sideParameters are the parameters of a side, beside IDs.
func sideParameters() []string {
	return []string{"service", "type", "from", "to", "labels", "match", "limit"}
}

// readSide reads the parameters of a side, which have the prefix. Missing ones are
// those without the prefix.
func (rd *reader) readSide(values url.Values, prefix string) (s side, err error) {
	own := url.Values{}
	for _, name := range sideParameters() {
		if values.Has(prefix + name) {
			own[name] = values[prefix+name]
		} else {
			own[name] = values[name]
		}
	}
	for _, list := range values[prefix+"ids"] {
		s.ids = append(s.ids, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == '+' || r == ' ' })...)
	}
	switch {
	case len(s.ids) > maxIDs:
		return s, errTooMany(len(s.ids))
	case len(s.ids) > 0:
		return s, nil
	}
	if s.query.Service = own.Get("service"); s.query.Service == "" {
		return s, collector.Errorf(collector.Invalid, "missing %sservice, or %sids", prefix, prefix)
	}
	if _, err := requiredKind(own); err != nil {
		return s, err
	}
	return s, readQuery(&s.query, own, rd.now())
}

func errTooMany(n int) error {
	return collector.Errorf(collector.TooLarge, "%d IDs are more than %d: ask for a service and a window", n, maxIDs)
}

// fold merges a side.
func (rd *reader) fold(ctx context.Context, s side, form *render.Form) (*merge.Fold, error) {
	return rd.merger.Fold(ctx, merge.Request{IDs: s.ids, Query: s.query, View: form.View, Labels: form.Labels})
}

// getMerge answers with merged profiles in the requested form.
func (rd *reader) getMerge(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	s, err := rd.readSide(values, "")
	if err != nil {
		return err
	}
	form, err := render.ParseForm(values)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), rd.mergeLimit)
	defer stop()
	f, err := rd.fold(ctx, s, &form)
	if err != nil {
		return err
	}
	p, err := render.NewPicture(&form, f, nil)
	if err != nil {
		return err
	}
	p.Title, p.Dot = s.title(), rd.dot
	return p.Write(ctx, w)
}

// getDiff answers with the difference of two sides.
func (rd *reader) getDiff(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	if !slices.ContainsFunc(append(sideParameters(), "ids"), func(name string) bool { return values.Has("base_" + name) }) {
		return collector.Errorf(collector.Invalid, "missing base_ids, base_service, base_from, base_to, base_labels or base_match: what to compare with")
	}
	source, err := rd.readSide(values, "")
	if err != nil {
		return err
	}
	base, err := rd.readSide(values, "base_")
	if err != nil {
		return err
	}
	form, err := render.ParseForm(values)
	if err != nil {
		return err
	}
	if form.PGO {
		return collector.Errorf(collector.Invalid, "format pgo is for merges: a difference is no load")
	}
	ctx, stop := context.WithTimeout(r.Context(), rd.mergeLimit)
	defer stop()
	f, err := rd.fold(ctx, source, &form)
	if err != nil {
		return err
	}
	before, err := rd.fold(ctx, base, &form)
	if err != nil {
		return collector.Prefix(err, "the base")
	}
	p, err := render.NewPicture(&form, f, before)
	if err != nil {
		return err
	}
	p.Title, p.Dot = source.title()+" against "+base.title(), rd.dot
	return p.Write(ctx, w)
}

// title is a side in words.
func (s *side) title() string {
	if len(s.ids) == 1 {
		return "profile " + s.ids[0]
	}
	if len(s.ids) > 0 {
		return strconv.Itoa(len(s.ids)) + " profiles"
	}
	title := []string{s.query.Service, string(s.query.Kind)}
	for _, l := range s.query.Labels {
		title = append(title, l.Key+"="+l.Value)
	}
	for i := range s.query.Matchers {
		title = append(title, s.query.Matchers[i].String())
	}
	if !s.query.From.IsZero() {
		title = append(title, "from "+s.query.From.Format(profefeTime))
	}
	if !s.query.To.IsZero() {
		title = append(title, "to "+s.query.To.Format(profefeTime))
	}
	return strings.Join(title, ", ")
}
