package pages

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A suggestion is a link to a comparison.
type suggestion struct {
	Text, URL string
}

// dayBefore is how far back a baseline is looked for.
const dayBefore = 24 * time.Hour

// suggestionsFor compares a profile with the same instance before, the same service
// before, and the fleet at that time.
func suggestionsFor(m collector.Meta) (out []suggestion) {
	after := selection{ID: m.ID}
	suggest := func(text string, q collector.Query) {
		q.Service, q.Kind = m.Service, m.Kind
		req := request{After: after, Before: selection{Query: q}}
		out = append(out, suggestion{text, req.url("/flame")})
	}
	if instance := m.Labels.Get("instance"); instance != "" {
		suggest("this instance in the 24 h before", collector.Query{
			Labels: collector.Labels{{Key: "instance", Value: instance}}, From: m.CreatedAt.Add(-dayBefore), To: m.CreatedAt,
		})
	}
	suggest("the service in the 24 h before", collector.Query{From: m.CreatedAt.Add(-dayBefore), To: m.CreatedAt})
	suggest("the fleet in the hour around it", collector.Query{From: m.CreatedAt.Add(-time.Hour / 2), To: m.CreatedAt.Add(time.Hour / 2)})
	return out
}

// A labelValues is a label with its values among some profiles.
type labelValues struct {
	Key    string
	Values []labelValue
}

// A labelValue is a value, with links that put it on one side of the comparison.
type labelValue struct {
	Text, AfterURL, BeforeURL string
}

// A comparePage is the content of the page compare.
type comparePage struct {
	After, Before *selection
	Services      []string
	Kinds         []collector.Kind
	Suggestions   []suggestion
	Labels        []labelValues
	Sample        string
}

// compare is the page with the form for a comparison.
func (p *Pages) compare(w http.ResponseWriter, r *http.Request) error {
	req, err := p.requestOf(r)
	if err != nil {
		return err
	}
	page := &comparePage{After: &req.After, Before: &req.Before, Sample: req.Sample}
	for _, k := range collector.Kinds() {
		if k.Pprof() {
			page.Kinds = append(page.Kinds, k)
		}
	}
	if page.Services, err = p.config.Services(r.Context()); err != nil {
		return err
	}
	if page.Before.isZero() {
		page.Before.Query.Service, page.Before.Query.Kind = req.After.Query.Service, req.After.Query.Kind
	}
	metas, _, err := p.find(r.Context(), &req.After, screenful)
	if err != nil {
		return err
	}
	if !req.After.isZero() {
		if i := slices.IndexFunc(metas, func(m collector.Meta) bool { return m.Kind.Pprof() }); i >= 0 {
			page.Suggestions = suggestionsFor(metas[i])
		}
		page.Labels = labelsOf(metas, &req)
	}
	return p.render(w, http.StatusOK, "compare", frame{Title: "Compare", Here: "compare", Body: page})
}

// labelsOf returns the labels by which profiles differ, each value with a link
// that puts it on one side of the comparison.
func labelsOf(metas []collector.Meta, req *request) (out []labelValues) {
	found := map[string][]string{}
	for _, m := range metas {
		for _, l := range m.Labels {
			if values := found[l.Key]; len(values) < 20 && !slices.Contains(values, l.Value) {
				found[l.Key] = append(values, l.Value)
			}
		}
	}
	for key, values := range found {
		slices.Sort(values)
		lv := labelValues{Key: key}
		for _, value := range values {
			text := collector.Labels{{Key: key, Value: value}}.String()
			lv.Values = append(lv.Values, labelValue{
				Text: value, AfterURL: req.url("/compare", "labels", text, "id", ""), BeforeURL: req.url("/compare", basePrefix+"labels", text),
			})
		}
		out = append(out, lv)
	}
	slices.SortFunc(out, func(a, b labelValues) int { return compareKeys(a.Key, b.Key) })
	return out
}

// compareKeys puts the labels first that are compared most.
func compareKeys(a, b string) int {
	rank := func(key string) int {
		return slices.Index([]string{"version", "instance", "region"}, key)
	}
	switch x, y := rank(a), rank(b); {
	case x >= 0 && (y < 0 || x < y):
		return -1
	case y >= 0 && (x < 0 || y < x):
		return 1
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}
