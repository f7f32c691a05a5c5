package pages

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/merge"
)

// A drawing is the profiles of a request, drawn.
type drawing struct {
	*render.Drawing
	req           *request
	after, before *sum
}

// drawn reads the parameters of a request and loads its profiles.
func (p *Pages) drawn(r *http.Request) (*drawing, error) {
	req, err := p.requestOf(r)
	if err != nil {
		return nil, err
	}
	return p.draw(r.Context(), &req, false)
}

// draw loads the profiles of a request.
func (p *Pages) draw(ctx context.Context, req *request, labels bool) (*drawing, error) {
	d := &drawing{req: req}
	var err error
	if d.after, err = p.load(ctx, &req.After, req.View, labels); err != nil {
		return nil, err
	}
	var base *merge.Fold
	if req.Diff {
		if d.before, err = p.load(ctx, &req.Before, req.View, labels); err != nil {
			return nil, collector.Prefix(err, "the base")
		}
		base = d.before.Fold
	}
	d.Drawing, err = render.NewDrawing(d.after.Fold, base, req.Sample, req.Norm)
	return d, err
}

func (d *drawing) options(module string) flame.Options {
	o := d.Options()
	o.Module, o.Focus, o.Search = module, d.req.Focus, d.req.Search
	return o
}

// A side is one side of a comparison in words.
type side struct {
	Text   string
	Detail string
	URL    string // of the event or of the list
}

func sideOf(s *selection, loaded *sum) side {
	out := side{Text: s.describe()}
	if len(loaded.Metas) == 1 {
		first := loaded.Metas[0]
		out.Text = fmt.Sprintf("%s of %s", first.File, first.Service)
		if first.File == "" {
			out.Text = fmt.Sprintf("%s profile of %s", first.Kind, first.Service)
		}
		out.Detail = stamp(first.CreatedAt)
		if first.Duration > 0 {
			out.Detail += ", " + lasting(first.Duration)
		}
		if first.Event != "" {
			out.URL = "/events/" + first.Event
		}
		return out
	}
	out.URL = "/profiles?" + s.values("").Encode()
	out.Detail = fmt.Sprintf("%d profiles, %s to %s", loaded.Profiles(), stamp(loaded.Time()), stamp(loaded.Latest()))
	if loaded.More {
		out.Detail += "; there are more, these are the newest"
	}
	return out
}

// A choice is an entry of a menu of links.
type choice struct {
	Text, URL string
	Here      bool
}

// A picturePage is the content of the pages flame and top.
type picturePage struct {
	After, Before side
	Request       *request
	Samples       []choice
	Views         []choice // over time, and over instances
	Missing       string   // what does not count
	Picture       template.HTML
	Hidden        [][2]string // parameters that the search form keeps
	Scale         string
	ScaleURL      string
	FlameURL      string
	TopURL        string
	SVGURL        string
	GraphURL      string
	DriverURL     string
	CompareURL    string
	SwapURL       string
	ClearFocus    string
	Rows          []rowView
	Total         string
	TotalBase     string
	MoreRows      int
}

func (p *Pages) page(d *drawing, here string) *picturePage {
	req := d.req
	v := &picturePage{
		Request: req, After: sideOf(&req.After, d.after), FlameURL: req.url("/flame"), TopURL: req.url("/top"),
		SVGURL: req.url("/flame.svg", "script", "1"), GraphURL: req.url("/graph.svg"), DriverURL: driverURL(req),
		ClearFocus: req.url(here, "focus", ""),
	}
	for _, t := range d.after.Columns() {
		v.Samples = append(v.Samples, choice{Text: t.Type, URL: req.url(here, "value", t.Type), Here: t.Type == d.Value})
	}
	v.After.Detail += ", " + d.Measure.Of()
	v.Missing = d.Missing()
	v.addViews(d, here)
	v.CompareURL = req.url("/compare")
	if d.before != nil {
		v.Before = sideOf(&req.Before, d.before)
		swapped := *req
		swapped.After, swapped.Before = req.Before, req.After
		v.SwapURL = swapped.url(here)
		v.Before.Detail += ", " + d.BaseMeasure.Of()
		if req.Norm == render.AsIs {
			v.ScaleURL = req.url(here, "normalize", "")
		} else if d.Why != "" {
			v.Scale, v.ScaleURL = d.Why, req.url(here, "normalize", string(render.AsIs))
		}
	}
	for _, values := range []url.Values{req.After.values(""), req.Before.values(basePrefix)} {
		for name, texts := range values {
			for _, text := range texts {
				v.Hidden = append(v.Hidden, [2]string{name, text})
			}
		}
	}
	v.Hidden = append(v.Hidden, [2]string{"normalize", string(req.Norm)}, [2]string{"value", req.Sample}, [2]string{"over", req.Over}, [2]string{"instances", req.Instances})
	sortPairs(v.Hidden)
	return v
}

// addViews adds links to what else the values can be made of.
func (v *picturePage) addViews(d *drawing, here string) {
	m, req := &d.Measure, d.req
	add := func(text, parameter, value string, is bool) {
		v.Views = append(v.Views, choice{Text: text, URL: req.url(here, parameter, value), Here: is})
	}
	switch {
	case m.Class == merge.Snapshot && m.Profiles > 1:
		add("mean", "over", "", m.Over == merge.Mean)
		add("latest", "over", string(merge.Latest), m.Over == merge.Latest)
	case m.Class == merge.Flow && m.Seconds > 0:
		add("total", "over", "", m.Over == merge.Total)
		add("per second", "over", string(merge.Rate), m.Over == merge.Rate)
	}
	if m.Instances > 1 {
		add("all instances", "instances", "", !m.PerInstance)
		add("one instance", "instances", "mean", m.PerInstance)
	}
}

// flame is the page with a flame graph.
func (p *Pages) flame(w http.ResponseWriter, r *http.Request) error {
	d, err := p.drawn(r)
	if err != nil {
		return err
	}
	options := d.options(p.config.Module)
	options.Inline = true
	var b bytes.Buffer
	if err := flame.New(d.Stacks(), options).WriteSVG(&b); err != nil {
		return err
	}
	v := p.page(d, "/flame")
	v.Picture = template.HTML(b.String()) //nolint:gosec // package flame has escaped all texts in it
	title := "Flame graph"
	if d.req.Diff {
		title = "Difference"
	}
	return p.render(w, http.StatusOK, "flame", frame{Title: title, Here: "profiles", Body: v})
}

// flameSVG is the picture alone.
func (p *Pages) flameSVG(w http.ResponseWriter, r *http.Request) error {
	d, err := p.drawn(r)
	if err != nil {
		return err
	}
	options := d.options(p.config.Module)
	options.Script = r.URL.Query().Get("script") != ""
	options.Title = sideOf(&d.req.After, d.after).Text + ", " + options.Title
	return p.writeSVG(w, flame.New(d.Stacks(), options).WriteSVG)
}
