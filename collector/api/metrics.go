package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// metrics count what was asked for and how it was answered.
type metrics struct {
	mu       sync.Mutex
	answers  map[answerKey]*answerCount
	received int64 // bytes
}

type answerKey struct {
	route  string
	status int
}

type answerCount struct {
	number int64
	took   time.Duration
}

func (m *metrics) count(key answerKey, took time.Duration, received int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answers == nil {
		m.answers = map[answerKey]*answerCount{}
	}
	c := m.answers[key]
	if c == nil {
		c = &answerCount{}
		m.answers[key] = c
	}
	c.number++
	c.took += took
	m.received += received
}

// write appends the text that Prometheus reads.
func (m *metrics) write(b *strings.Builder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]answerKey, 0, len(m.answers))
	for key := range m.answers {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b answerKey) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.status, b.status))
	})
	head(b, "holmes_requests_total", "counter", "Requests, by route and status.")
	for _, key := range keys {
		fmt.Fprintf(b, "holmes_requests_total{route=%q,status=%q} %d\n", key.route, strconv.Itoa(key.status), m.answers[key].number)
	}
	head(b, "holmes_request_seconds_total", "counter", "Time that requests took, by route and status.")
	for _, key := range keys {
		fmt.Fprintf(b, "holmes_request_seconds_total{route=%q,status=%q} %g\n", key.route, strconv.Itoa(key.status), m.answers[key].took.Seconds())
	}
	head(b, "holmes_received_bytes_total", "counter", "Bytes of bodies that were received.")
	fmt.Fprintf(b, "holmes_received_bytes_total %d\n", m.received)
}

func head(b *strings.Builder, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// A Gauge is a number that [Config].Gauges adds to /metrics.
type Gauge struct {
	// Name is such as holmes_store_bytes, Help one line about it.
	Name, Help string
	Value      float64
}

// getMetrics answers in Prometheus's text format.
func (h *Handler) getMetrics(w http.ResponseWriter, _ *http.Request) error {
	var b strings.Builder
	h.metrics.write(&b)
	for _, places := range []struct {
		name, help string
		places     chan struct{}
	}{
		{"holmes_uploads", "Uploads that are being received.", h.uploads},
		{"holmes_queries", "Requests to read that are being answered, this one included.", h.queries},
	} {
		head(&b, places.name, "gauge", places.help)
		fmt.Fprintf(&b, "%s %d\n", places.name, len(places.places))
	}
	if h.config.Gauges != nil {
		for _, g := range h.config.Gauges() {
			head(&b, g.Name, "gauge", g.Help)
			fmt.Fprintf(&b, "%s %g\n", g.Name, g.Value)
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, err := w.Write([]byte(b.String()))
	return err
}
