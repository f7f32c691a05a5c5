package page

import (
	"github.com/go-holmes/holmes/internal/delivery"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/fleet"
)

// Counters are what the metrics are made of.
type Counters struct {
	Fleet     *fleet.Fleet
	Captures  *capture.Stats
	Reporters func() []delivery.Stats
}

// metrics is a collector that reads the counters when it is asked.
type metrics struct{ Counters }

// Metrics returns the metrics of holmes-watch.
func Metrics(c Counters) prometheus.Collector { return metrics{c} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("holmes_watch_"+name, help, labels, nil)
}

// Describe sends nothing: the metrics are not known before they are collected.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends all metrics.
func (m metrics) Collect(to chan<- prometheus.Metric) {
	counter := func(name, help string, v uint64) {
		to <- prometheus.MustNewConstMetric(desc(name, help), prometheus.CounterValue, float64(v))
	}
	states := map[string]int{"up": 0, "down": 0, "unknown": 0}
	for _, v := range m.Fleet.Views() {
		states[v.State]++
	}
	for state, n := range states {
		to <- prometheus.MustNewConstMetric(desc("targets", "Targets by state.", "state"), prometheus.GaugeValue, float64(n), state)
	}
	f, c := m.Fleet.Stats(), m.Captures
	counter("scrapes_total", "Readings of targets.", f.Scrapes.Load())
	counter("scrapes_failed_total", "Readings that failed.", f.Failed.Load())
	counter("scrapes_late_total", "Readings that were skipped because the one before took too long.", f.Late.Load())
	to <- prometheus.MustNewConstMetric(desc("scrape_seconds_total", "Time that readings took."), prometheus.CounterValue, float64(f.Nanos.Load())/1e9)
	to <- prometheus.MustNewConstMetric(desc("scrape_lag_seconds_total", "How much later than due readings began."), prometheus.CounterValue, float64(f.Lag.Load())/1e9)
	counter("suspected_total", "Events that were suspected.", c.Suspected.Load())
	counter("dismissed_total", "Suspicions that were no event.", c.Dismissed.Load())
	counter("captured_total", "Events that were captured.", c.Captured.Load())
	counter("refused_total", "Confirmed events that were not captured, by the limits.", c.Refused.Load())
	counter("profiles_failed_total", "Profiles that could not be taken.", c.Failed.Load())
	counter("baselines_total", "Rounds of profiles of calm times.", c.Baselines.Load())
	for _, r := range m.Reporters() {
		to <- prometheus.MustNewConstMetric(desc("delivered_total", "Events that were delivered.", "reporter"), prometheus.CounterValue, float64(r.Delivered), r.Name)
		to <- prometheus.MustNewConstMetric(desc("waiting", "Events that wait for a reporter.", "reporter"), prometheus.GaugeValue, float64(r.Waiting), r.Name)
	}
}
