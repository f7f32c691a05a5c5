package holmes

import (
	"runtime/metrics"
	"sync"

	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Pressure replaces the runtime's metrics of collections, scheduling and locks. Set
// changes it.
type Pressure struct {
	mu sync.Mutex

	Total, Idle, GC float64 // CPU seconds, as of the last finished collection
	Delays          metrics.Float64Histogram
	Waited          float64 // seconds
	Fail            error
}

// Set changes the metrics under a lock.
func (p *Pressure) Set(change func(*Pressure)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Use makes h read from it.
func (p *Pressure) Use(h *Holmes) {
	rest := h.readers
	h.readers = func(l *supervise.Log) measure.Readers {
		r := rest(l)
		r.CPU = func() (measure.CPUSeconds, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return measure.CPUSeconds{Total: p.Total, Idle: p.Idle, GC: p.GC}, p.Fail
		}
		r.Delays = func() (*metrics.Float64Histogram, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return &metrics.Float64Histogram{Counts: append([]uint64(nil), p.Delays.Counts...), Buckets: p.Delays.Buckets}, p.Fail
		}
		r.Waited = func() (float64, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.Waited, p.Fail
		}
		return r
	}
}
