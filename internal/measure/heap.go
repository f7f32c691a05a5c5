package measure

import (
	"runtime"
	"runtime/metrics"
	"sync/atomic"

	"github.com/go-holmes/holmes/event"
)

// A heap is the runtime's own account of the heap. The figures of the last
// collection are read once after it, because they do not change until the next one
// and a reading takes half a microsecond.
type heap struct {
	live   uint64 // found reachable by the last collection
	limit  uint64 // GOMEMLIMIT at that time
	goal   uint64 // heap at which the next collection starts, at that time
	cycles uint64 // finished collections

	watch *gcWatch
	after []metrics.Sample
	now   []metrics.Sample
}

// The order of heap.after and heap.now.
const (
	heapLive = iota
	heapLimit
	heapNext
	heapFinished
)

const (
	heapGoal = iota
	heapObjects
	heapCycles
)

func newHeap() *heap {
	h := &heap{
		watch: newGCWatch(nil),
		after: Samples([]string{
			heapLive:     "/gc/heap/live:bytes",
			heapLimit:    "/gc/gomemlimit:bytes",
			heapNext:     "/gc/heap/goal:bytes",
			heapFinished: "/gc/cycles/total:gc-cycles",
		}),
		now: Samples([]string{
			heapGoal:    "/gc/heap/goal:bytes",
			heapObjects: "/memory/classes/heap/objects:bytes",
			heapCycles:  "/gc/cycles/total:gc-cycles",
		}),
	}
	h.refresh()
	return h
}

// refresh reads the figures again if a collection has finished. The watch does not
// notice the end of one that was under way when it began.
func (h *heap) refresh() {
	if h.watch.finished() || h.live == 0 {
		metrics.Read(h.after)
		h.live, h.limit = Uint64(h.after[heapLive]), Uint64(h.after[heapLimit])
		h.goal, h.cycles = Uint64(h.after[heapNext]), Uint64(h.after[heapFinished])
	}
}

// describe adds the present figures to r.
func (h *heap) describe(r *event.Readings) {
	metrics.Read(h.now)
	r.HeapLive, r.HeapGoal = h.live, Uint64(h.now[heapGoal])
	r.HeapObjects, r.GCCycles = Uint64(h.now[heapObjects]), Uint64(h.now[heapCycles])
}

func (h *heap) close() { h.watch.close() }

// Uint64 returns the value of a sample, and 0 for a metric that this version of Go
// does not have.
func Uint64(s metrics.Sample) uint64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s.Value.Uint64()
}

// Samples returns samples of the metrics of these names. A literal of samples would bring
// a function for each length that compares them, which is never called.
func Samples(names []string) []metrics.Sample {
	s := make([]metrics.Sample, len(names))
	for i, name := range names {
		s[i].Name = name
	}
	return s
}

// ReadMetric reads one metric.
func ReadMetric(name string) metrics.Sample {
	s := Samples([]string{name})
	metrics.Read(s)
	return s[0]
}

// A gcWatch reports whether a collection has finished, at the cost of reading a flag:
// every collection frees an unreachable object, whose cleanup allocates the next one.
type gcWatch struct {
	seen  atomic.Bool
	ended atomic.Bool
	wake  chan<- struct{} // gets a value too, unless it is full or nil
}

// canary has a pointer, so that it is not allocated together with others.
type canary struct{ _ *canary }

func newGCWatch(wake chan<- struct{}) *gcWatch {
	w := &gcWatch{wake: wake}
	w.seen.Store(true) // for the first reading
	w.arm()
	return w
}

func (w *gcWatch) arm() {
	runtime.AddCleanup(new(canary), func(w *gcWatch) {
		if !w.ended.Load() {
			w.seen.Store(true)
			select {
			case w.wake <- struct{}{}:
			default:
			}
			w.arm()
		}
	}, w)
}

func (w *gcWatch) close() { w.ended.Store(true) }

// finished reports whether a collection has finished since the last call.
func (w *gcWatch) finished() bool { return w.seen.Load() && w.seen.Swap(false) }

// WakeByCollections returns a channel that gets a value after every finished
// collection, until end is called.
func WakeByCollections() (wakes <-chan struct{}, end func()) {
	wake := make(chan struct{}, 1)
	return wake, newGCWatch(wake).close
}
