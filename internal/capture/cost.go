package capture

import (
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/procstat"
)

// A Cost is what a capture has cost the host. Figures of the whole process are upper
// bounds, because the application has a part in them.
type Cost struct {
	Time    time.Duration // by the clock
	CPU     time.Duration // of the calling goroutine, 0 if that is not known
	Allocs  uint64        // bytes, of the whole process
	Stopped time.Duration // how long the world was stopped, collections excluded
}

func (s Cost) plus(t Cost) Cost {
	return Cost{s.Time + t.Time, s.CPU + t.CPU, s.Allocs + t.Allocs, s.Stopped + t.Stopped}
}

// measureCost calls do and returns its cost.
func (p *Process) measureCost(do func()) Cost {
	before, begin := countersNow(), p.clock.Mono()
	runtime.LockOSThread() // so that the CPU time of the thread is that of do
	cpu, err := procstat.ThreadCPUTime()
	do()
	s := Cost{Time: p.clock.Mono() - begin}
	if after, err2 := procstat.ThreadCPUTime(); err == nil && err2 == nil {
		s.CPU = after - cpu
	}
	runtime.UnlockOSThread()
	after := countersNow()
	s.Allocs, s.Stopped = after.Allocs-before.Allocs, after.Stopped-before.Stopped
	return s
}

// countersNow reads the runtime's counters of the whole process.
func countersNow() (s Cost) {
	read := measure.Samples([]string{"/gc/heap/allocs:bytes", "/sched/pauses/total/other:seconds"})
	metrics.Read(read)
	s.Allocs = measure.Uint64(read[0])
	if v := read[1].Value; v.Kind() == metrics.KindFloat64Histogram {
		s.Stopped = total(v.Float64Histogram())
	}
	return s
}

// total sums a histogram of seconds, each at the upper end of its bucket.
func total(h *metrics.Float64Histogram) time.Duration {
	var seconds float64
	for i, n := range h.Counts {
		if upper := h.Buckets[i+1]; n > 0 && !math.IsInf(upper, 0) {
			seconds += float64(n) * upper
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

// Counters is the cost of all captures of one Holmes.
type Counters struct {
	Captures uint64
	Cost
	Bytes    int64 // written
	ForcedGC uint64
}

// counters is the sum over all runs.
type counters struct {
	mu  sync.Mutex
	sum Counters
}

func (c *counters) add(change func(*Counters)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.sum)
}

// Counters returns the sums so far.
func (p *Process) Counters() (c Counters) {
	p.counters.add(func(sum *Counters) { c = *sum })
	return c
}

// account adds the cost of a capture to the event and to the counters.
func (e *Evidence) account(s Cost) {
	e.spend(s)
	e.counters.add(func(sum *Counters) { sum.Captures++ })
}

// Afford calls do, which is no capture, if the memory is there that it needs, and counts
// its cost like that of a capture. Otherwise it returns why not.
func (e *Evidence) Afford(needs uint64, do func()) error {
	if err := e.affords(estimate{bytes: needs}); err != nil {
		return err
	}
	e.Event.Cost.PredictedBytes += needs
	e.spend(e.measureCost(do))
	return nil
}

func (e *Evidence) spend(s Cost) {
	c := &e.Event.Cost
	c.Seconds += s.Time.Seconds()
	c.CPUSeconds += s.CPU.Seconds()
	c.AllocBytes += s.Allocs
	c.StoppedSeconds += s.Stopped.Seconds()
	e.counters.add(func(sum *Counters) { sum.Cost = sum.plus(s) })
}
