package api

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/merge"
)

// metrics are what GET /metrics answers. Their registry belongs to one handler:
// two of them in one process count apart.
type metrics struct {
	requests, seconds *prometheus.CounterVec
	durations         *prometheus.HistogramVec
	received          prometheus.Counter
	refused           *prometheus.CounterVec
	failedLogins      prometheus.Counter
	exposition        http.Handler
}

type answerKey struct {
	route  string
	status int
}

func newMetrics(config *Config, merger *merge.Merger, uploads, queries chan struct{}, log *zap.Logger) *metrics {
	byAnswer := []string{"route", "status"}
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holmes_requests_total", Help: "Requests, by route and status.",
		}, byAnswer),
		seconds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holmes_request_seconds_total", Help: "Time that requests took, by route and status.",
		}, byAnswer),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "holmes_request_duration_seconds", Help: "Durations of requests, by route and status.",
			// From the acceptance of a small profile to the longest merge of Limits.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, byAnswer),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "holmes_received_bytes_total", Help: "Bytes of bodies that were received.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holmes_refused_uploads_total", Help: "Uploads that were not stored, by the code of the reason.",
		}, []string{"code"}),
		failedLogins: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "holmes_failed_logins_total", Help: "Requests with a token that is none.",
		}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		m.requests, m.seconds, m.durations, m.received, m.refused, m.failedLogins,
		lengthOf(uploads, "holmes_uploads", "Uploads that are being received."),
		lengthOf(queries, "holmes_queries", "Requests to read that are being answered."),
		buildInfo(config.Version),
		gaugeOf("holmes_rollup_backlog_profiles", "Profiles of hours that have ended and have no roll-up yet: they are read one by one.",
			func() float64 { return float64(merger.Backlog().Profiles) }),
		gaugeOf("holmes_rollup_behind_seconds", "How long the hour or day that waits the longest is due to be rolled up.",
			func() float64 { return merger.Backlog().Behind.Seconds() }),
		configured{config.Gauges},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	registry.MustRegister(config.Collectors...)
	m.exposition = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{log.Sugar()}, ErrorHandling: promhttp.ContinueOnError,
	})
	return m
}

// count adds an answered request.
func (m *metrics) count(key answerKey, took time.Duration, received int64) {
	status := strconv.Itoa(key.status)
	m.requests.WithLabelValues(key.route, status).Inc()
	m.seconds.WithLabelValues(key.route, status).Add(took.Seconds())
	m.durations.WithLabelValues(key.route, status).Observe(took.Seconds())
	m.received.Add(float64(received))
}

// lengthOf is a gauge of the slots that are taken.
func lengthOf(slots chan struct{}, name, help string) prometheus.Collector {
	return gaugeOf(name, help, func() float64 { return float64(len(slots)) })
}

func gaugeOf(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

func buildInfo(v Version) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "holmes_build_info", Help: "The running build; the value is always 1.",
		ConstLabels: prometheus.Labels{
			"version": v.Version, "commit": v.Commit, "build_time": v.BuildTime, "goversion": runtime.Version(),
		},
	})
	info.Set(1)
	return info
}

// configured collects the gauges of [Config].Gauges, whose names are not known
// before they are asked for.
type configured struct{ gauges func() []Gauge }

// Describe implements [prometheus.Collector].
func (configured) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (c configured) Collect(to chan<- prometheus.Metric) {
	if c.gauges == nil {
		return
	}
	for _, g := range c.gauges() {
		desc := prometheus.NewDesc(g.Name, g.Help, nil, g.Labels)
		kind := prometheus.GaugeValue
		if g.Counter {
			kind = prometheus.CounterValue
		}
		metric, err := prometheus.NewConstMetric(desc, kind, g.Value)
		if err != nil {
			metric = prometheus.NewInvalidMetric(desc, err)
		}
		to <- metric
	}
}

// scrapeLog logs what could not be collected.
type scrapeLog struct{ *zap.SugaredLogger }

// Println implements [promhttp.Logger].
func (l scrapeLog) Println(v ...any) { l.Errorln(v...) }

// getMetrics answers in one of Prometheus's formats.
func (h *Handler) getMetrics(w http.ResponseWriter, r *http.Request) error {
	h.metrics.exposition.ServeHTTP(w, r)
	return nil
}
