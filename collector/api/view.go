package api

import (
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

// A Profile is a stored profile as /api/1 answers it.
type Profile struct {
	ID              string           `json:"id"`
	Service         string           `json:"service"`
	Type            collector.Kind   `json:"type"`
	Labels          collector.Labels `json:"labels"`
	CreatedAt       time.Time        `json:"created_at"`
	DurationSeconds float64          `json:"duration_seconds"`
	Size            int64            `json:"size"`
	Event           string           `json:"event,omitempty"`
	File            string           `json:"file"`
	ReceivedAt      time.Time        `json:"received_at"`
	// Totals are the sums of its values, by sample type. They are missing if they were not
	// added up.
	Totals []collector.Total `json:"totals,omitempty"`
}

func toProfile(m collector.Meta) Profile {
	return Profile{
		ID: m.ID, Service: m.Service, Type: m.Kind, Labels: m.Labels, CreatedAt: m.CreatedAt,
		DurationSeconds: m.Duration.Seconds(), Size: m.Size, Event: m.Event, File: m.File, ReceivedAt: m.ReceivedAt,
		Totals: m.Totals,
	}
}

// An Event is the summary of a stored event as /api/1 answers it. All else is in
// its file event.json.
type Event struct {
	ID         string           `json:"id"`
	Service    string           `json:"service"`
	State      string           `json:"state"`
	Signal     string           `json:"signal"`
	Reason     string           `json:"reason"`
	Value      float64          `json:"value"`
	Limit      float64          `json:"limit"`
	Baseline   float64          `json:"baseline"`
	At         time.Time        `json:"at"`
	Sentence   string           `json:"sentence"`
	Culprits   []string         `json:"culprits"` // never null
	Confident  bool             `json:"confident"`
	Labels     collector.Labels `json:"labels"`
	Profiles   []Profile        `json:"profiles"` // never null
	ReceivedAt time.Time        `json:"received_at"`
}

// NewEvent returns the summary of an event.
func NewEvent(e collector.Event) Event {
	out := Event{
		ID: e.ID, Service: e.Service, State: e.State, Signal: e.Signal, Reason: e.Reason, Value: e.Value,
		Limit: e.Limit, Baseline: e.Baseline, At: e.At, Sentence: e.Sentence, Confident: e.Confident,
		Culprits: append([]string{}, e.Culprits...), Labels: e.Labels, Profiles: []Profile{}, ReceivedAt: e.ReceivedAt,
	}
	for _, m := range e.Profiles {
		out.Profiles = append(out.Profiles, toProfile(m))
	}
	return out
}

// A Top is the table of functions of format=top.
type Top = render.Top

// A TopRow is one function of a [Top].
type TopRow = render.TopRow
