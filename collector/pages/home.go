package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// counted is the number of events up to which those of a service are counted.
const counted = 100

// A serviceView is a service on the first page.
type serviceView struct {
	Name       string
	Events     string
	Last       *eventView
	EventsURL  string
	PagesURL   string
	CompareURL string
}

// home lists the services, each with its own latest event.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	names, err := p.config.Services(r.Context())
	if err != nil {
		return err
	}
	body := struct {
		Services []*serviceView
		Latest   []day
		Now      time.Time
	}{Now: p.config.Now()}
	for _, name := range names {
		s, err := p.serviceView(r, name, body.Now)
		if err != nil {
			return err
		}
		body.Services = append(body.Services, s)
	}
	latest, err := p.events(r, collector.EventQuery{Limit: 10})
	if err != nil {
		return err
	}
	body.Latest = p.byDay(latest, body.Now)
	return p.render(w, http.StatusOK, "home", frame{Title: "Services", Here: "home", Body: body})
}

// serviceView returns a service with its latest event. Each is asked for by itself:
// among the latest events of all, those of one service may hide another's.
func (p *Pages) serviceView(r *http.Request, name string, now time.Time) (*serviceView, error) {
	s := &serviceView{
		Name: name, EventsURL: link("/events", "service", name), PagesURL: link("/profiles", "service", name),
		CompareURL: link("/compare", "service", name),
	}
	events, err := p.events(r, collector.EventQuery{Service: name, Limit: counted + 1})
	switch {
	case err != nil:
		return nil, err
	case len(events) > counted:
		s.Events = fmt.Sprintf("over %d", counted)
	case len(events) > 0:
		s.Events = strconv.Itoa(len(events))
	}
	if len(events) > 0 {
		s.Last = p.viewOf(&events[0], now)
	}
	return s, nil
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
