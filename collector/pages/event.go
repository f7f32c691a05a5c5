package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
)

// A fullEvent has the fields of event.json that the page shows beside the summary.
// Unknown and malformed fields are left out.
type fullEvent struct {
	Trigger struct {
		HeldSeconds float64   `json:"held_seconds"`
		Sentence    string    `json:"sentence"`
		Window      []float64 `json:"window"`
	} `json:"trigger"`
	Diagnosis struct {
		Sentence string    `json:"sentence"`
		Culprits []culprit `json:"culprits"`
	} `json:"diagnosis"`
	Profiles []struct {
		Kind string `json:"kind"`
		File string `json:"file"`
		Note string `json:"note"`
	} `json:"profiles"`
	Readings json.RawMessage `json:"readings"`
	Cost     json.RawMessage `json:"cost"`
	Holmes   struct {
		Version string `json:"version"`
	} `json:"holmes"`
}

// A culprit is a function that the diagnosis names.
type culprit struct {
	Function string  `json:"function"`
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Share    float64 `json:"share"`
	Delta    float64 `json:"delta"`
	Unit     string  `json:"unit"`
	Score    float64 `json:"score"`
	Evidence string  `json:"evidence"`
	Grown    string  `json:"-"`
	FocusURL string  `json:"-"`
}

// An eventPage is the content of the page event.
type eventPage struct {
	*eventView
	Full       fullEvent
	Held       string
	Window     *spark
	Profiles   []*profileView
	Missing    []*profileView
	Trace      *profileView
	Primary    *profileView
	Picture    template.HTML
	PictureErr string
	Readings   []readingView
	Costs      []readingView
	Compare    []suggestion
	RawURL     string
}

// event is the page of an event.
func (p *Pages) event(w http.ResponseWriter, r *http.Request) error {
	e, err := p.store.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	page := &eventPage{eventView: p.viewOf(&e, p.config.Now()), RawURL: "/api/1/events/" + e.ID + "/" + collector.EventFile}
	collector.MarkOpened(r.Context(), p.store, e.ID)
	raw, err := p.eventFile(r, e.ID)
	if err != nil && collector.CodeOf(err) != collector.Damaged { // without it the page has the summary
		return err
	}
	_ = json.Unmarshal(raw, &page.Full) // the store has checked it; malformed fields are left out
	page.Held = lasting(time.Duration(page.Full.Trigger.HeldSeconds * float64(time.Second)))
	page.Window = sparkOf(page.Full.Trigger.Window, e.Baseline)
	page.Readings, page.Costs = flatten(page.Full.Readings), flatten(page.Full.Cost)
	p.addProfiles(page, &e)
	p.addPicture(r, page)
	page.addCulprits()
	if page.Primary != nil {
		page.Compare = suggestionsFor(page.Primary.Meta)
	}
	return p.render(w, http.StatusOK, "event", frame{Title: e.Service + ": " + e.Signal, Here: "events", Body: page})
}

func (p *Pages) eventFile(r *http.Request, id string) ([]byte, error) {
	f, err := p.store.OpenFile(r.Context(), id, collector.EventFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, collector.MaxEventFile))
}

// addProfiles lists the profiles with their notes in event.json, and those that are
// missing.
func (p *Pages) addProfiles(page *eventPage, e *collector.Event) {
	notes := map[string]string{}
	for _, f := range page.Full.Profiles {
		if f.File == "" {
			page.Missing = append(page.Missing, &profileView{Meta: collector.Meta{Kind: collector.Kind(f.Kind)}, Note: f.Note})
			continue
		}
		notes[f.File] = f.Note
	}
	wanted := primaryKind(e.Signal)
	for i := range e.Profiles {
		v := p.profileViewOf(&e.Profiles[i], p.config.Now())
		v.Note = notes[v.File]
		page.Profiles = append(page.Profiles, v)
		switch {
		case v.Kind == collector.KindTrace:
			page.Trace = v
		case v.FlameURL == "":
		case page.Primary == nil || v.Kind == wanted:
			page.Primary = v // the later one of two heap profiles follows a collection
		}
	}
}

// eventBoxes bounds the picture on the page of an event; its own page has more.
const eventBoxes = 1500

// addPicture draws the most telling profile. The page is shown without a picture if
// the profile cannot be drawn.
func (p *Pages) addPicture(r *http.Request, page *eventPage) {
	if page.Primary == nil {
		return
	}
	req := &request{After: selection{ID: page.Primary.ID}}
	if len(page.Culprits) > 0 {
		req.Search = page.Culprits[0]
	}
	drawn, done, err := p.drawSoon(r.Context(), req)
	defer done()
	if err != nil {
		page.PictureErr = "The profile cannot be drawn."
		if collector.CodeOf(err) == collector.Internal {
			p.config.Fault(r, err)
		}
		return
	}
	options := drawn.options(p.config.Module)
	options.Boxes, options.Inline = eventBoxes, true
	var b bytes.Buffer
	if flame.New(drawn.Stacks(), options).WriteSVG(&b) == nil {
		page.Picture = template.HTML(b.String()) //nolint:gosec // package flame has escaped all texts in it
	}
}

// pictureWait is how long the page of an event waits for a turn to draw its picture:
// what it says is more urgent.
const pictureWait = 5 * time.Second

// drawSoon loads the profiles of a request, which are in use until done.
func (p *Pages) drawSoon(ctx context.Context, req *request) (d *drawing, done func(), err error) {
	waiting, stop := context.WithTimeout(ctx, pictureWait)
	defer stop()
	if done, err = p.turns.Wait(waiting); err != nil {
		return nil, func() {}, err
	}
	d, err = p.draw(ctx, req, false)
	return d, done, err
}

// addCulprits completes the culprits of the diagnosis.
func (page *eventPage) addCulprits() {
	list := page.Full.Diagnosis.Culprits
	for i := range list {
		c := &list[i]
		if c.Delta != 0 { // what was found by other means has not grown
			c.Grown = flame.Format(c.Delta, c.Unit)
		}
		for _, v := range page.Profiles {
			if string(v.Kind) == c.Evidence && v.FlameURL != "" {
				req := request{After: selection{ID: v.ID}, Search: c.Function}
				c.FocusURL = req.url("/flame")
			}
		}
	}
}
