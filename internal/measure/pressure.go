package measure

import (
	"fmt"
	"runtime/metrics"
	"time"

	"github.com/go-holmes/holmes/internal/procstat"
)

// A pressure is what the runtime says of its own work: collecting, scheduling and
// waiting for locks. Its readings are taken only for signals that are on, and by
// the goroutine of the tick alone.
type pressure struct {
	gc    gcShare
	runs  runDelay
	locks lockWait
}

// RuntimeReaders reads what the runtime measures.
func RuntimeReaders() Readers {
	cpu := newGauge(metrics.KindFloat64,
		"/cpu/classes/total:cpu-seconds", "/cpu/classes/idle:cpu-seconds", "/cpu/classes/gc/total:cpu-seconds")
	delays := newGauge(metrics.KindFloat64Histogram, "/sched/latencies:seconds")
	waited := newGauge(metrics.KindFloat64, "/sync/mutex/wait/total:seconds")
	return Readers{
		Cores: procstat.Cores(),
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

// A gauge reads metrics of one kind into samples that it keeps: the runtime
// reuses the histograms in them.
type gauge struct {
	kind    metrics.ValueKind
	samples []metrics.Sample
}

func newGauge(kind metrics.ValueKind, names ...string) *gauge {
	g := &gauge{kind: kind}
	for _, n := range names {
		g.samples = append(g.samples, metrics.Sample{Name: n})
	}
	return g
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

// A pulse tells how far a reading is from the one before.
type pulse struct {
	tick uint64
	at   time.Duration
}

// beat notes a reading at the meter's tick and returns the time since the one
// before. That is 0 when it was not at the tick before, because the signal was
// off: what has grown meanwhile says nothing about now.
func (p *pulse) beat(m *Meter) (since time.Duration) {
	if p.tick > 0 && m.ticks == p.tick+1 {
		since = m.at - p.at
	}
	p.tick, p.at = m.ticks, m.at
	return since
}
