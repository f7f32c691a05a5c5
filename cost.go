package holmes

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/procstat"
)

// A price is what a capture is expected to cost.
type price struct {
	bytes uint64        // of memory while it is taken
	time  time.Duration // of CPU, 0 if that does not depend on the process
}

// affords refuses a capture that could itself bring the process over its limit,
// or that would cost more than [WithCaptureBudget] allows. The world is stopped
// by none for longer than the runtime does by itself: profiles are taken while
// it runs, but for two pauses whose length does not depend on the process.
func (r *run) affords(c *config, p price) error {
	if _, room := r.meter.Look(&c.measure); p.bytes > room {
		return fmt.Errorf("%w: it needs about %d KiB of %d KiB", ErrNoRoom, p.bytes>>10, room>>10)
	}
	if p.bytes > c.captureBytes {
		return fmt.Errorf("%w: it needs about %d MiB of memory, WithCaptureBudget allows %d MiB", ErrTooCostly, p.bytes>>20, c.captureBytes>>20)
	}
	if p.time > c.captureTime {
		return fmt.Errorf("%w: it takes about %s of CPU time, WithCaptureBudget allows %s", ErrTooCostly, humanize.Duration(p.time), humanize.Duration(c.captureTime))
	}
	return nil
}

// priceList is what captures cost the last time.
type priceList struct {
	mu        sync.Mutex
	heap      time.Duration
	goroutine price // of one
}

func (h *Holmes) priceOf(k Kind) price { return h.prices.of(k, h.captures[k]) }

// worthLearning is how many goroutines tell what one of them costs.
const worthLearning = 1000

// of is what a capture will cost: what the last one has, or else what the table
// says.
func (l *priceList) of(k Kind, take capture) price {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := runtime.NumGoroutine(); k == KindGoroutine && n >= worthLearning && l.goroutine.bytes > 0 {
		return price{
			bytes: captureBase + uint64(n)*l.goroutine.bytes*5/4, // with something to spare
			time:  time.Duration(n) * l.goroutine.time,
		}
	}
	p := price{bytes: take.needs()}
	if take.takes != nil {
		p.time = take.takes()
	}
	return p
}

// learn takes note of what a capture did cost.
func (l *priceList) learn(k Kind, s spending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := runtime.NumGoroutine(); {
	case k == KindHeap:
		l.heap = s.time
	case k == KindGoroutine && n >= worthLearning:
		l.goroutine = price{s.allocs / uint64(n), max(s.cpu, time.Microsecond) / time.Duration(n)}
	}
}

// unmeasured is what a heap profile is taken to need before one was timed:
// several times what it needs in a small service.
const unmeasured = 20 * time.Millisecond

// heapTime is how long a heap profile takes, by the clock.
func (l *priceList) heapTime() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.heap, unmeasured)
}

// spending is what something has cost the host. What is not the caller's own
// is an upper bound: the application may have had a part in it.
type spending struct {
	time    time.Duration // by the clock
	cpu     time.Duration // of the calling goroutine, 0 where that is not known
	allocs  uint64        // bytes, of the whole process
	stopped time.Duration // the world, but for collections, of the whole process
}

// spend does something and counts what it costs, into the event and the stats.
func (d *dossier) spend(do func()) spending {
	s := d.measure(do)
	d.account(s)
	return s
}

func (d *dossier) account(s spending) {
	addCost(&d.ev.Cost, s)
	d.h.stats.spent(s)
}

// measure does something and tells what it costs.
func (r *run) measure(do func()) spending {
	before, begin := costNow(), r.Clock.Mono()
	runtime.LockOSThread() // so that its CPU time is ours
	cpu, err := procstat.ThreadCPUTime()
	do()
	s := spending{time: r.Clock.Mono() - begin}
	if after, err2 := procstat.ThreadCPUTime(); err == nil && err2 == nil {
		s.cpu = after - cpu
	}
	runtime.UnlockOSThread()
	after := costNow()
	s.allocs, s.stopped = after.allocs-before.allocs, after.stopped-before.stopped
	return s
}

func (s spending) plus(t spending) spending {
	return spending{s.time + t.time, s.cpu + t.cpu, s.allocs + t.allocs, s.stopped + t.stopped}
}

func addCost(c *Cost, s spending) {
	c.Seconds += s.time.Seconds()
	c.CPUSeconds += s.cpu.Seconds()
	c.AllocBytes += s.allocs
	c.StoppedSeconds += s.stopped.Seconds()
}

// costNow reads what the runtime counts for the whole process.
func costNow() (s spending) {
	read := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(read)
	s.allocs = measure.Uint64(read[0])
	if v := read[1].Value; v.Kind() == metrics.KindFloat64Histogram {
		s.stopped = total(v.Float64Histogram())
	}
	return s
}

// total adds a histogram of seconds up, each at the upper end of its bucket.
func total(h *metrics.Float64Histogram) time.Duration {
	var seconds float64
	for i, n := range h.Counts {
		if upper := h.Buckets[i+1]; n > 0 && detect.Finite(upper) {
			seconds += float64(n) * upper
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

// costTally adds up over all runs of a Holmes.
type costTally struct {
	mu  sync.Mutex
	sum CostStats
}

func (t *costTally) spent(s spending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Captures++
	t.sum.CaptureTime += s.time
	t.sum.CaptureCPU += s.cpu
	t.sum.CaptureAllocBytes += s.allocs
	t.sum.Stopped += s.stopped
}

func (t *costTally) wrote(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.CaptureBytes += bytes
}

func (t *costTally) forced() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.ForcedGC++
}

func (t *costTally) look() CostStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sum
}
