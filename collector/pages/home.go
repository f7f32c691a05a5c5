package pages

import (
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// latest is the number of events that the first page considers.
const latest = 500

// A serviceView is a service on the first page.
type serviceView struct {
	Name       string
	Events     int // among the latest ones
	Last       *eventView
	EventsURL  string
	PagesURL   string
	CompareURL string
}

// home lists the services, each with its latest event.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	names, err := p.store.Services(r.Context())
	if err != nil {
		return err
	}
	now := p.config.Now()
	events, err := p.events(r, collector.EventQuery{Limit: latest})
	if err != nil {
		return err
	}
	body := struct {
		Services []*serviceView
		Latest   []*eventView
		Now      time.Time
	}{Now: now}
	byName := map[string]*serviceView{}
	for _, name := range names {
		s := &serviceView{
			Name: name, EventsURL: link("/events", "service", name), PagesURL: link("/profiles", "service", name),
			CompareURL: link("/compare", "service", name),
		}
		byName[name] = s
		body.Services = append(body.Services, s)
	}
	for i := range events {
		v := p.viewOf(&events[i], now)
		if s := byName[v.Service]; s != nil {
			if s.Events++; s.Last == nil {
				s.Last = v
			}
		}
		if i < 10 {
			body.Latest = append(body.Latest, v)
		}
	}
	return p.render(w, http.StatusOK, "home", frame{Title: "Services", Here: "home", Body: body})
}

// events collects events.
func (p *Pages) events(r *http.Request, q collector.EventQuery) (events []collector.Event, err error) {
	for e, err := range p.store.Events(r.Context(), q) {
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
