package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/merge"
)

// scrape parses what /metrics answers.
func (w *world) scrape() map[string]*dto.MetricFamily {
	w.t.Helper()
	a := w.get("/metrics")
	require.Equal(w.t, http.StatusOK, a.status)
	require.Contains(w.t, a.header.Get("Content-Type"), "text/plain; version=0.0.4")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.body))
	require.NoError(w.t, err)
	return families
}

// metric finds the metric of a family with these labels, pairs of name and value.
func metric(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) *dto.Metric {
	t.Helper()
	require.Contains(t, families, name)
	for _, m := range families[name].GetMetric() {
		have := map[string]string{}
		for _, pair := range m.GetLabel() {
			have[pair.GetName()] = pair.GetValue()
		}
		found := true
		for i := 0; i < len(labels); i += 2 {
			found = found && have[labels[i]] == labels[i+1]
		}
		if found {
			return m
		}
	}
	require.Fail(t, "no such metric", "%s %q", name, labels)
	return nil
}

func TestMetrics(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Gauges = func() []api.Gauge { return []api.Gauge{{Name: "holmes_fish", Help: "Fish.", Value: 1.5}} }
	})
	cpu := profileOf(t, "cpu", taken())
	w.post("/api/0/profiles?service=shop&type=cpu", cpu)
	w.post("/api/0/profiles?service=shop&type=heap", cpu)
	w.get("/api/0/profiles/nobody")
	families := w.scrape()

	for name, want := range map[string]dto.MetricType{
		"holmes_requests_total":           dto.MetricType_COUNTER,
		"holmes_request_seconds_total":    dto.MetricType_COUNTER,
		"holmes_request_duration_seconds": dto.MetricType_HISTOGRAM,
		"holmes_received_bytes_total":     dto.MetricType_COUNTER,
		"holmes_uploads":                  dto.MetricType_GAUGE,
		"holmes_queries":                  dto.MetricType_GAUGE,
		"holmes_fish":                     dto.MetricType_GAUGE,
		"holmes_build_info":               dto.MetricType_GAUGE,
		"go_goroutines":                   dto.MetricType_GAUGE,
		"process_start_time_seconds":      dto.MetricType_GAUGE,
	} {
		require.Contains(t, families, name)
		require.Equal(t, want, families[name].GetType(), name)
	}

	for _, answer := range [][2]string{
		{"POST /api/0/profiles", "200"}, {"POST /api/0/profiles", "400"}, {"GET /api/0/profiles/{ids}", "404"},
	} {
		counter := metric(t, families, "holmes_requests_total", "route", answer[0], "status", answer[1])
		require.InDelta(t, 1, counter.GetCounter().GetValue(), 0)
		seconds := metric(t, families, "holmes_request_seconds_total", "route", answer[0], "status", answer[1]).GetCounter().GetValue()
		require.Positive(t, seconds)
		histogram := metric(t, families, "holmes_request_duration_seconds", "route", answer[0], "status", answer[1]).GetHistogram()
		require.EqualValues(t, 1, histogram.GetSampleCount())
		require.InDelta(t, seconds, histogram.GetSampleSum(), 1e-9)
	}
	require.InDelta(t, 2*len(cpu), metric(t, families, "holmes_received_bytes_total").GetCounter().GetValue(), 0)
	require.InDelta(t, 0, metric(t, families, "holmes_uploads").GetGauge().GetValue(), 0)
	require.InDelta(t, 0, metric(t, families, "holmes_queries").GetGauge().GetValue(), 0)
	require.InDelta(t, 1.5, metric(t, families, "holmes_fish").GetGauge().GetValue(), 0)
	require.Equal(t, "Fish.", families["holmes_fish"].GetHelp())
	metric(t, families, "holmes_build_info", "version", "v1.2.3", "commit", "abc", "build_time", "then")
}

// The metrics say how far roll-ups are behind, and that nothing waits when they are made.
func TestRollupMetrics(t *testing.T) {
	at := taken().Add(10 * time.Minute) // within the hour
	var merger *merge.Merger
	w := newWorld(t, func(c *api.Config) {
		var err error
		merger, err = merge.New(merge.Config{Store: c.Store, Dir: t.TempDir(), Now: func() time.Time { return at }})
		require.NoError(t, err)
		c.Merger = merger
	})
	for minute := range 5 {
		w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", taken().Add(time.Duration(minute)*time.Minute)))
	}
	roller := merger.Roller()
	requireBehind := func(profiles int, behind time.Duration) {
		families := w.scrape()
		require.InDelta(t, profiles, metric(t, families, "holmes_rollup_backlog_profiles").GetGauge().GetValue(), 0)
		require.InDelta(t, behind.Seconds(), metric(t, families, "holmes_rollup_behind_seconds").GetGauge().GetValue(), 0)
	}
	_, err := roller.Round(t.Context())
	require.NoError(t, err)
	requireBehind(0, 0)
	at = taken().Truncate(time.Hour).Add(2 * time.Hour)
	requireBehind(5, 50*time.Minute)
	_, err = roller.Round(t.Context())
	require.NoError(t, err)
	requireBehind(0, 0)
}

// Each handler counts for itself.
func TestMetricsAreNotShared(t *testing.T) {
	one, other := newWorld(t), newWorld(t)
	one.get("/api/0/services")
	require.NotContains(t, other.scrape(), "holmes_requests_total")
	require.Contains(t, one.scrape(), "holmes_requests_total")
}

// A gauge whose name cannot be meant hides no other metric.
func TestMetricsWithInvalidGauge(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Gauges = func() []api.Gauge { return []api.Gauge{{Name: "holmes_fish"}, {Name: "\xff"}} }
	})
	families := w.scrape()
	require.Contains(t, families, "holmes_fish")
	require.Contains(t, families, "holmes_uploads")
	require.NotContains(t, families, "\xff")
}
