package holmes

import (
	"runtime/metrics"
	"sync"

	"github.com/go-holmes/holmes/internal/measure"
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
	rest := h.readers
	h.readers = func(l *supervise.Log) measure.Readers {
		r := rest(l)
		r.CPU = func() (measure.CPUSeconds, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return measure.CPUSeconds{Total: s.Total, Idle: s.Idle, GC: s.GC}, s.Fail
		}
		r.Delays = func() (*metrics.Float64Histogram, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return &metrics.Float64Histogram{Counts: append([]uint64(nil), s.Delays.Counts...), Buckets: s.Delays.Buckets}, s.Fail
		}
		r.Waited = func() (float64, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.Waited, s.Fail
		}
		return r
	}
}
