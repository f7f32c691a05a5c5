package values

import (
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

// Limits are what a target is configured to have, where it does not say it itself.
type Limits struct {
	Cores  float64
	Memory float64 // bytes
}

// A Reader makes readings of the pages of one target. It is not safe for concurrent use.
type Reader struct {
	Limits Limits

	before   Page
	beforeAt time.Time
	allocs   []float64 // latest values of the heap, garbage included
}

// A Reading is the signals at one moment.
type Reading struct {
	At      time.Time
	Samples []detect.Sample
	// Missing says for each signal without a sample why it has none.
	Missing map[detect.Signal]string
	// Restarted is true for the first reading of a process that replaced another one.
	Restarted bool
	// Started is when the process was started, zero if unknown.
	Started time.Time

	Readings event.Readings
}

// Read returns the reading of a page.
func (r *Reader) Read(p Page, at time.Time) Reading {
	out := Reading{At: at, Missing: map[detect.Signal]string{}}
	if s := p[startTime]; s > 0 {
		out.Started = time.UnixMilli(int64(s * 1000))
	}
	out.Restarted = r.restarted(p)
	if out.Restarted {
		r.before, r.allocs = nil, nil
	}
	i := inputs{now: p, before: r.before, over: at.Sub(r.beforeAt), limits: r.Limits, live: r.live(p)}
	for _, row := range table() {
		value, limit, missing := row.compute(&i)
		if missing != "" {
			out.Missing[row.signal] = missing
			continue
		}
		out.Samples = append(out.Samples, detect.Sample{Signal: row.signal, Value: value, Limit: limit, At: at})
	}
	out.Readings = i.readings(out.Samples, out.Started, at)
	r.before, r.beforeAt = p, at
	return out
}

// restarted reports whether the page is of another process than the last one.
func (r *Reader) restarted(p Page) bool {
	if r.before == nil {
		return false
	}
	if p[startTime] > 0 && r.before[startTime] > 0 {
		return p[startTime]-r.before[startTime] > 1 // the metric is not exact
	}
	return p[cpuSeconds] < r.before[cpuSeconds]
}

// heapSamples is how many values of the heap the lowest is taken of: a collection is
// among them unless there are few, and garbage is then hardly counted.
const heapSamples = 10

// live returns the live heap. Where the target does not say it, it is the lowest of the
// latest values of the heap with garbage.
func (r *Reader) live(p Page) float64 {
	if v, ok := p[heapLive]; ok {
		return v
	}
	v, ok := p[heapAlloc]
	if !ok {
		return 0
	}
	r.allocs = append(r.allocs, v)
	if len(r.allocs) > heapSamples {
		r.allocs = r.allocs[1:]
	}
	lowest := v
	for _, a := range r.allocs {
		lowest = min(lowest, a)
	}
	return lowest
}

// cores returns how many cores the process can use, and what says so.
func (i *inputs) cores() (n float64, from string) {
	procs := i.now[maxProcs]
	if i.limits.Cores > 0 && (procs == 0 || i.limits.Cores < procs) {
		return i.limits.Cores, "configuration"
	}
	return procs, "GOMAXPROCS"
}

// memory returns the limit of memory, and what sets it.
func (i *inputs) memory() (bytes float64, from string) {
	soft := i.now[memoryLimit]
	if soft >= noLimit {
		soft = 0
	}
	if i.limits.Memory > 0 && (soft == 0 || i.limits.Memory < soft) {
		return i.limits.Memory, "configuration"
	}
	return soft, "GOMEMLIMIT"
}

// readings returns what else an event says of the process.
func (i *inputs) readings(samples []detect.Sample, started, at time.Time) event.Readings {
	out := event.Readings{
		RSS: uint64(i.now[residentSize]), HeapLive: uint64(i.live), HeapObjects: uint64(i.now[heapAlloc]),
		Goroutines: int(i.now[goroutines]), Threads: int(i.now[threads]),
	}
	if !started.IsZero() {
		out.UptimeSeconds = max(at.Sub(started).Seconds(), 0)
	}
	for _, s := range samples {
		switch s.Signal {
		case detect.SignalCPU:
			out.CPUPercent = s.Value
			out.Cores, out.CoresFrom = i.cores()
		case detect.SignalMem:
			_, from := i.memory()
			out.MemoryUsed, out.MemoryLimit = out.RSS, uint64(s.Limit)
			out.MemoryLimitFrom, out.MemoryScope = from, "process"
		}
	}
	return out
}
