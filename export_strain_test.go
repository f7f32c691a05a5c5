package holmes

import (
	"runtime/metrics"
	"sync"

	"github.com/go-holmes/holmes/internal/supervise"
)

// Strain stands in for what the runtime says of collecting, scheduling and
// locks. Set changes it.
type Strain struct {
	mu sync.Mutex

	Total, Idle, GC float64 // CPU seconds, as of the last finished collection
	Delays          metrics.Float64Histogram
	Waited          float64 // seconds
	Fail            error
}

// Set changes the figures under a lock.
func (s *Strain) Set(change func(*Strain)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// Use makes h read from it.
func (s *Strain) Use(h *Holmes) {
	rest := h.meter
	h.meter = func(l *supervise.Log) *meter {
		m := rest(l)
		m.strain.gc.read = func() (cpuSeconds, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return cpuSeconds{total: s.Total, idle: s.Idle, gc: s.GC}, s.Fail
		}
		m.strain.runs.read = func() (*metrics.Float64Histogram, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return &metrics.Float64Histogram{Counts: append([]uint64(nil), s.Delays.Counts...), Buckets: s.Delays.Buckets}, s.Fail
		}
		m.strain.locks.read = func() (float64, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.Waited, s.Fail
		}
		return m
	}
}

// P99 is the percentile of scheduling delays, in seconds.
func P99(h *metrics.Float64Histogram, before []uint64) float64 { return p99(h, before) }

// UnknownMetric is what reading a metric that this version of Go does not have
// returns.
func UnknownMetric(name string) error {
	_, err := newGauge(metrics.KindFloat64, name).read()
	return err
}
