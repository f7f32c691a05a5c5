package measure

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/go-holmes/holmes/internal/procstat"
)

// A pressure is the runtime pressure: collections, scheduling and waits for locks. The
// goroutine of the tick reads it, and only for signals that are on.
type pressure struct {
	gc    gcShare
	runs  runDelay
	locks lockWait
}

// RuntimeReaders returns the readers of the runtime's metrics.
func RuntimeReaders() Readers {
	cpu := newGauge(metrics.KindFloat64,
		"/cpu/classes/total:cpu-seconds", "/cpu/classes/idle:cpu-seconds", "/cpu/classes/gc/total:cpu-seconds")
	delays := newGauge(metrics.KindFloat64Histogram, "/sched/latencies:seconds")
	waited := newGauge(metrics.KindFloat64, "/sync/mutex/wait/total:seconds")
	return Readers{
		Cores:      procstat.Cores(),
		GOMAXPROCS: func() int { return runtime.GOMAXPROCS(0) },
		CPU: func() (CPUSeconds, error) {
			v, err := cpu.read()
			if err != nil {
				return CPUSeconds{}, err
			}
			return CPUSeconds{Total: v[0].Value.Float64(), Idle: v[1].Value.Float64(), GC: v[2].Value.Float64()}, nil
		},
		Delays: func() (*metrics.Float64Histogram, error) {
			v, err := delays.read()
			if err != nil {
				return nil, err
			}
			return v[0].Value.Float64Histogram(), nil
		},
		Waited: func() (float64, error) {
			v, err := waited.read()
			if err != nil {
				return 0, err
			}
			return v[0].Value.Float64(), nil
		},
	}
}

// A gauge reads metrics of one kind. It keeps the samples, because the runtime reuses
// their histograms.
type gauge struct {
	kind    metrics.ValueKind
	samples []metrics.Sample
}

func newGauge(kind metrics.ValueKind, names ...string) *gauge {
	return &gauge{kind, Samples(names)}
}

func (g *gauge) read() ([]metrics.Sample, error) {
	metrics.Read(g.samples)
	for i := range g.samples {
		if s := &g.samples[i]; s.Value.Kind() != g.kind {
			return nil, fmt.Errorf("this version of Go does not measure %s", s.Name)
		}
	}
	return g.samples, nil
}

// A lastReading is when a signal was last read.
type lastReading struct {
	tick uint64
	at   time.Duration
}

// next moves to the present tick and returns the time since the last reading. It
// returns 0 if that was not at the previous tick, because the signal was off and a
// rate since then does not describe the present.
func (l *lastReading) next(m *Meter) (since time.Duration) {
	if l.tick > 0 && m.ticks == l.tick+1 {
		since = m.at - l.at
	}
	l.tick, l.at = m.ticks, m.at
	return since
}
