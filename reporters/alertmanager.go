package reporters

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Alertmanager is for Prometheus's Alertmanager at the URL; alerts go to its
// /api/v2/alerts. An event is an alert:
//
//	labels       alertname="HolmesEvent", severity, signal, reason, state,
//	             and the event's own: service, instance, version, ...
//	annotations  summary, description, event (its ID), and link if there is one
//	startsAt     when the event began
//	generatorURL the link
//
// Events of one problem have the same labels, so they are one alert: a later event
// keeps it firing and has its own annotations. holmes does not resolve alerts:
// Alertmanager's resolve_timeout does, after 5 minutes by default. Group by alertname
// and service, or by signal, to get one notification for all instances:
//
//	route:
//	  group_by: [alertname, service]
//
// Alertmanager takes as many as there are; up to 64 events share a request.
func Alertmanager() Template {
	return Template{
		name: "alertmanager",
		path: "api/v2/alerts",
		open: true,
		most: 64,
		encode: func(notices []Notice, now time.Time) ([]byte, error) {
			alerts := make([]alert, len(notices))
			for i := range notices {
				alerts[i] = newAlert(&notices[i], now)
			}
			out, err := encodeJSON(alerts)
			return []byte(out), err
		},
	}
}

type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func newAlert(n *Notice, now time.Time) alert {
	a := alert{Labels: map[string]string{}, Annotations: map[string]string{}, StartsAt: n.At, GeneratorURL: n.Link}
	if now.Before(a.StartsAt) {
		a.StartsAt = now // a clock was put back; what begins later is refused
	}
	for _, k := range slices.Sorted(maps.Keys(n.Labels)) {
		set(a.Labels, labelName(k), n.Labels[k])
	}
	set(a.Labels, "alertname", "HolmesEvent")
	set(a.Labels, "severity", n.Severity)
	set(a.Labels, "signal", n.Signal)
	set(a.Labels, "reason", n.Reason)
	set(a.Labels, "state", n.State)
	set(a.Annotations, "summary", n.Trigger)
	set(a.Annotations, "description", strings.Join(n.description(), "\n"))
	set(a.Annotations, "event", n.ID) // no label: an event more would be a series more
	set(a.Annotations, "link", n.Link)
	return a
}

func set(to map[string]string, name, value string) {
	if name != "" && value != "" {
		to[name] = toText(value)
	}
}
