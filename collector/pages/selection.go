package pages

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/internal/units"
	"github.com/go-holmes/holmes/collector/merge"
)

// basePrefix begins the parameters of the base of a comparison.
const basePrefix = "base_"

// renamed returns parameters with the names that the API has for them. Links of earlier
// versions have others: base.labels, sample, and raw=1 for normalize=false.
func renamed(values url.Values) url.Values {
	out := url.Values{}
	for name, texts := range values {
		if rest, ok := strings.CutPrefix(name, "base."); ok {
			name = basePrefix + rest
		}
		switch {
		case name == "sample":
			name = "value"
		case name == "raw" && texts[0] != "":
			name, texts = "normalize", []string{"false"}
		}
		out[name] = append(out[name], texts...)
	}
	return out
}

// A selection is one profile, or the results of a search.
type selection struct {
	ID    string // of a profile
	Event string // an event's
	File  string // profile, by name
	Query collector.Query
	// FromText and ToText are the times as they were typed.
	FromText, ToText, LabelText string
}

// selectionOf reads the parameters whose names begin with prefix.
func selectionOf(values url.Values, prefix string, now time.Time) (s selection, err error) {
	get := func(name string) string { return values.Get(prefix + name) }
	s = selection{
		ID: get("id"), Event: get("event"), File: get("file"), FromText: get("from"), ToText: get("to"), LabelText: get("labels"),
		Query: collector.Query{Service: get("service"), Kind: collector.Kind(get("type")), Event: get("event")},
	}
	q := &s.Query
	if q.Labels, err = collector.ParseLabels(s.LabelText); err != nil {
		return s, err
	}
	if q.Matchers, err = collector.ParseMatchers(values[prefix+"match"]); err != nil {
		return s, err
	}
	if q.From, q.To, err = units.Window(s.FromText, s.ToText, now); err != nil {
		return s, collector.Errorf(collector.Invalid, "%s%w", prefix, err)
	}
	if q.After, err = collector.ParsePosition(get("after")); err != nil {
		return s, err
	}
	if text := get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 0 {
			return s, collector.Errorf(collector.Invalid, "%slimit %.40q is not a number", prefix, text)
		}
	}
	return s, q.Validate()
}

// isZero reports whether nothing is selected.
func (s *selection) isZero() bool {
	q := &s.Query
	return s.ID == "" && s.Event == "" && q.Service == "" && q.Kind == "" && len(q.Labels)+len(q.Matchers) == 0 && q.From.IsZero() && q.To.IsZero()
}

// values are the parameters of the selection. Times are absolute, so that an address
// keeps its meaning.
func (s *selection) values(prefix string) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(prefix+name, value)
		}
	}
	set("id", s.ID)
	set("event", s.Event)
	set("file", s.File)
	set("service", s.Query.Service)
	set("type", string(s.Query.Kind))
	set("labels", s.Query.Labels.String())
	for i := range s.Query.Matchers {
		v.Add(prefix+"match", s.Query.Matchers[i].String())
	}
	set("from", exact(s.Query.From))
	if !s.Query.To.IsZero() {
		set("to", units.FormatEnd(s.Query.To))
	}
	if s.Query.Limit > 0 {
		set("limit", strconv.Itoa(s.Query.Limit))
	}
	return v
}

func exact(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// A request has the parameters of the pages with profiles.
type request struct {
	After, Before selection
	Diff          bool
	Sample        string // name of the values
	Search, Focus string
	Norm          render.Norm // of the values of Before
	// View says how values become one, Over and Instances are its parameters.
	View            merge.View
	Over, Instances string
}

func (p *Pages) requestOf(r *http.Request) (req request, err error) {
	values := renamed(r.URL.Query())
	if req.After, err = selectionOf(values, "", p.config.Now()); err != nil {
		return req, err
	}
	if req.Before, err = selectionOf(values, basePrefix, p.config.Now()); err != nil {
		return req, err
	}
	req.Diff = !req.Before.isZero()
	req.Sample, req.Search, req.Focus = values.Get("value"), values.Get("search"), values.Get("focus")
	if req.Norm, err = render.ParseNorm(values.Get("normalize")); err != nil {
		return req, err
	}
	req.Over, req.Instances = values.Get("over"), values.Get("instances")
	req.View, err = merge.ParseView(req.Over, req.Instances)
	return req, err
}

// url is the address of a page of the same request, with some parameters changed;
// pairs are name and value, and "" removes a parameter.
func (req *request) url(page string, pairs ...string) string {
	v := req.After.values("")
	maps.Copy(v, req.Before.values(basePrefix))
	for i, text := range []string{string(req.Norm), req.Sample, req.Search, req.Focus, req.Over, req.Instances} {
		if text != "" {
			v.Set([]string{"normalize", "value", "search", "focus", "over", "instances"}[i], text)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Del(pairs[i]); pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return page + "?" + v.Encode()
}

// link is an address with parameters; pairs are name and value, and those without
// a value are left out.
func link(page string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return page
	}
	return page + "?" + v.Encode()
}
