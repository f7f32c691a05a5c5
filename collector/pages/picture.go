package pages

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"iter"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
)

// A drawing is a sum of profiles, and the one that it is compared with.
type drawing struct {
	req           *request
	after, before *sum
	index, base   int // of the values
	unit          string
	scale         float64 // of before
}

// drawn reads the parameters of a request and loads its profiles.
func (p *Pages) drawn(r *http.Request) (*drawing, error) {
	req, err := p.requestOf(r)
	if err != nil {
		return nil, err
	}
	return p.draw(r.Context(), &req)
}

// draw loads the profiles of a request.
func (p *Pages) draw(ctx context.Context, req *request) (*drawing, error) {
	d := &drawing{req: req, scale: 1}
	var err error
	if d.after, err = p.load(ctx, &req.After); err != nil {
		return nil, err
	}
	if d.index, err = flame.Index(d.after.Profile, req.Sample); err != nil {
		return nil, collector.Errorf(collector.Invalid, "%w", err)
	}
	values := d.after.SampleType[d.index]
	d.unit = values.Unit
	if !req.Diff {
		return d, nil
	}
	if d.before, err = p.load(ctx, &req.Before); err != nil {
		return nil, collector.Prefix(err, "the base")
	}
	if d.base, err = flame.Index(d.before.Profile, values.Type); err != nil {
		return nil, collector.Errorf(collector.Invalid, "these are different kinds of profile: %w", err)
	}
	if !req.Raw {
		d.scale = fair(d.after, d.before)
	}
	return d, nil
}

// fair is the scale for recordings of another length, or for another number of
// snapshots.
func fair(after, before *sum) float64 {
	if after.Duration > 0 && before.Duration > 0 {
		return float64(after.Duration) / float64(before.Duration)
	}
	return float64(len(after.Metas)) / float64(len(before.Metas))
}

func (d *drawing) stacks() iter.Seq[flame.Stack] {
	if d.before == nil {
		return flame.Stacks(d.after.Profile, d.index)
	}
	return flame.Difference(d.after.Profile, d.before.Profile, d.index, d.base, d.scale)
}

func (d *drawing) options(module string) flame.Options {
	return flame.Options{
		Title: d.after.SampleType[d.index].Type, Unit: d.unit, Diff: d.before != nil, Module: module,
		Focus: d.req.Focus, Search: d.req.Search,
	}
}

// A side is one side of a comparison in words.
type side struct {
	Text   string
	Detail string
	URL    string // of the event or of the list
}

func sideOf(s *selection, loaded *sum) side {
	first, last := loaded.Metas[len(loaded.Metas)-1], loaded.Metas[0]
	out := side{Text: s.describe()}
	if len(loaded.Metas) == 1 {
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
	out.Detail = fmt.Sprintf("%d profiles, %s to %s", len(loaded.Metas), stamp(first.CreatedAt), stamp(last.CreatedAt))
	if loaded.More {
		out.Detail += "; there are more, these are the newest"
	}
	if loaded.Duration > 0 {
		out.Detail += fmt.Sprintf(", %s in all", loaded.Duration.Round(time.Millisecond))
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
	for i, t := range d.after.SampleType {
		v.Samples = append(v.Samples, choice{Text: t.Type, URL: req.url(here, "sample", t.Type), Here: i == d.index})
	}
	v.CompareURL = req.url("/compare")
	if d.before != nil {
		v.Before = sideOf(&req.Before, d.before)
		swapped := *req
		swapped.After, swapped.Before = req.Before, req.After
		v.SwapURL = swapped.url(here)
		if d.scale != 1 {
			v.Scale, v.ScaleURL = fmt.Sprintf("%.3g", d.scale), req.url(here, "raw", "1")
		} else if req.Raw {
			v.ScaleURL = req.url(here, "raw", "")
		}
	}
	for name, values := range req.After.values("") {
		v.Hidden = append(v.Hidden, [2]string{name, values[0]})
	}
	for name, values := range req.Before.values(basePrefix) {
		v.Hidden = append(v.Hidden, [2]string{name, values[0]})
	}
	v.Hidden = append(v.Hidden, [2]string{"sample", req.Sample})
	sortPairs(v.Hidden)
	return v
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
	if err := flame.New(d.stacks(), options).WriteSVG(&b); err != nil {
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
	return p.writeSVG(w, flame.New(d.stacks(), options).WriteSVG)
}
