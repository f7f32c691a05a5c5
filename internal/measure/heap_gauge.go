package measure

import (
	"runtime/metrics"
	"time"

	"github.com/go-holmes/holmes/detect"
)

// A heapGauge reads the heap for the memory watcher, between two ticks.
type heapGauge struct {
	samples []metrics.Sample
	cycles  uint64        // finished collections
	spent   float64       // CPU seconds of all of them
	took    time.Duration // expected duration of the next one
}

// The order of heapGauge.samples.
const (
	gaugeLive = iota
	gaugeObjects
	gaugeGoal
	gaugeFree
	gaugeUnused
	gaugeSoft
	gaugeTotal
	gaugeReleased
	gaugeCollector
	gaugeCycles
	gaugeBuckets
)

func newHeapGauge() heapGauge {
	return heapGauge{samples: Samples([]string{
		gaugeLive:      "/gc/heap/live:bytes",
		gaugeObjects:   "/memory/classes/heap/objects:bytes",
		gaugeGoal:      "/gc/heap/goal:bytes",
		gaugeFree:      "/memory/classes/heap/free:bytes",
		gaugeUnused:    "/memory/classes/heap/unused:bytes",
		gaugeSoft:      "/gc/gomemlimit:bytes",
		gaugeTotal:     "/memory/classes/total:bytes",
		gaugeReleased:  "/memory/classes/heap/released:bytes",
		gaugeCollector: "/cpu/classes/gc/total:cpu-seconds",
		gaugeCycles:    "/gc/cycles/total:gc-cycles",
		gaugeBuckets:   "/memory/classes/profiling/buckets:bytes",
	})}
}

// read adds the present heap to m. cores is how many cores the process may use.
func (g *heapGauge) read(m *detect.MemoryReading, cores float64) {
	metrics.Read(g.samples)
	of := func(i int) uint64 { return Uint64(g.samples[i]) }
	m.Live, m.Objects, m.Goal, m.Soft = of(gaugeLive), of(gaugeObjects), of(gaugeGoal), of(gaugeSoft)
	m.Reserve = of(gaugeBuckets) // a heap profile takes about as much as the runtime's own table of sites
	m.Spare = of(gaugeFree) + of(gaugeUnused)
	m.Total = of(gaugeTotal) - of(gaugeReleased)
	m.Collection = g.collection(cores, of(gaugeCycles))
}

// collectorShare is the part of the cores that the runtime reserves for a
// collection, according to the guide to Go's collector.
const collectorShare = 0.25

// collection returns the expected duration of a collection, from the CPU time of the
// last one.
func (g *heapGauge) collection(cores float64, cycles uint64) time.Duration {
	if cycles == g.cycles {
		return g.took
	}
	spent := g.samples[gaugeCollector].Value
	if spent.Kind() != metrics.KindFloat64 {
		return g.took
	}
	seconds := (spent.Float64() - g.spent) / float64(cycles-g.cycles)
	g.spent, g.cycles = spent.Float64(), cycles
	g.took = time.Duration(seconds / (cores * collectorShare) * float64(time.Second))
	return g.took
}
