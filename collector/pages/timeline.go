package pages

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// screenful bounds the events or profiles of one page.
const screenful = 100

// An eventView is an event in a list.
type eventView struct {
	collector.Event
	URL, Tone, Reading, Ago string
}

func (p *Pages) viewOf(e *collector.Event, now time.Time) *eventView {
	return &eventView{
		Event: *e, URL: "/events/" + e.ID, Tone: tone(e.Signal), Reading: reading(e.Value, e.Limit), Ago: ago(e.At, now),
	}
}

// A day is the events of one day, in UTC.
type day struct {
	Date   string
	Events []*eventView
}

// byDay groups events, which are in order, by their day.
func (p *Pages) byDay(events []collector.Event, now time.Time) (days []day) {
	for i := range events {
		date := events[i].At.UTC().Format("Monday, 2 January 2006")
		if n := len(days); n == 0 || days[n-1].Date != date {
			days = append(days, day{Date: date})
		}
		last := &days[len(days)-1]
		last.Events = append(last.Events, p.viewOf(&events[i], now))
	}
	return days
}

// timeline lists events, the newest first.
func (p *Pages) timeline(w http.ResponseWriter, r *http.Request) error {
	values, now := r.URL.Query(), p.config.Now()
	asked, err := selectionOf(values, "", now)
	if err != nil {
		return err
	}
	q := collector.EventQuery{
		Service: asked.Query.Service, Signal: values.Get("signal"), State: values.Get("state"), Reason: values.Get("reason"),
		Culprit: values.Get("culprit"), Labels: asked.Query.Labels, Matchers: asked.Query.Matchers, From: asked.Query.From, To: asked.Query.To,
		After: asked.Query.After, Limit: screenful + 1,
	}
	events, err := p.events(r, q)
	if err != nil {
		return err
	}
	services, err := p.config.Services(r.Context())
	if err != nil {
		return err
	}
	body := struct {
		Query                       collector.EventQuery
		FromText, ToText, LabelText string
		Services, Signals, States   []string
		Days                        []day
		Older                       string
	}{
		Query: q, FromText: asked.FromText, ToText: asked.ToText, LabelText: asked.LabelText, Services: services,
		Signals: with([]string{"cpu", "mem", "gcheap", "goroutine", "thread", "gccpu", "schedlat", "mutexwait"}, q.Signal),
		States:  with([]string{"confirmed", "unconfirmed"}, q.State),
	}
	if len(events) > screenful {
		events = events[:screenful]
		last := events[screenful-1].Position()
		values.Set("after", last.String())
		body.Older = "/events?" + values.Encode()
	}
	body.Days = p.byDay(events, now)
	return p.render(w, http.StatusOK, "events", frame{Title: "Events", Here: "events", Body: body})
}

// with returns the choices of a menu, and the chosen one if it is none of them.
func with(choices []string, chosen string) []string {
	if chosen != "" && !slices.Contains(choices, chosen) {
		choices = append(choices, chosen)
	}
	return choices
}

// A profileView is a profile in a list.
type profileView struct {
	collector.Meta
	Note                                       string // of event.json
	FlameURL, TopURL, DriverURL, Download, Ago string
}

func (p *Pages) profileViewOf(m *collector.Meta, now time.Time) *profileView {
	v := &profileView{Meta: *m, Ago: ago(m.CreatedAt, now), Download: "/api/0/profiles/" + m.ID}
	if m.Event != "" {
		v.Download = "/api/1/events/" + m.Event + "/" + m.File
	}
	if m.Kind.Pprof() && m.ID != "" {
		req := request{After: selection{ID: m.ID}}
		v.FlameURL, v.TopURL, v.DriverURL = req.url("/flame"), req.url("/top"), driverURL(&req)
	}
	return v
}

// profiles lists profiles, the newest first.
func (p *Pages) profiles(w http.ResponseWriter, r *http.Request) error {
	req, err := p.requestOf(r)
	if err != nil {
		return err
	}
	metas, more, err := p.find(r.Context(), &req.After, screenful)
	if err != nil {
		return err
	}
	services, err := p.config.Services(r.Context())
	if err != nil {
		return err
	}
	body := struct {
		Asked                           *selection
		Services                        []string
		Kinds                           []collector.Kind
		Profiles                        []*profileView
		Merged, MergedTop, Older, Other string
	}{Asked: &req.After, Services: services, Kinds: collector.Kinds()}
	for i := range metas {
		body.Profiles = append(body.Profiles, p.profileViewOf(&metas[i], p.config.Now()))
	}
	if kind := req.After.Query.Kind; kind != "" && kind.Pprof() && len(metas) > 1 {
		body.Merged, body.MergedTop, body.Other = req.url("/flame"), req.url("/top"), req.url("/compare")
	}
	if more {
		last := metas[len(metas)-1].Position()
		body.Older = req.url("/profiles", "after", last.String())
	}
	return p.render(w, http.StatusOK, "profiles", frame{Title: "Profiles", Here: "profiles", Body: body})
}
