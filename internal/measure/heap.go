package measure

import (
	"runtime"
	"runtime/metrics"
	"sync/atomic"

	"github.com/go-holmes/holmes/event"
)

// A heap is what the runtime says of its own memory. What the last collection
// left is read once after each, since nothing else changes it and the runtime
// takes half a microsecond to tell.
type heap struct {
	live   uint64 // found reachable by the last collection
	limit  uint64 // GOMEMLIMIT as of then
	goal   uint64 // where the next one starts, as of then
	cycles uint64 // collections finished

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
		after: []metrics.Sample{
			heapLive:     {Name: "/gc/heap/live:bytes"},
			heapLimit:    {Name: "/gc/gomemlimit:bytes"},
			heapNext:     {Name: "/gc/heap/goal:bytes"},
			heapFinished: {Name: "/gc/cycles/total:gc-cycles"},
		},
		now: []metrics.Sample{
			heapGoal:    {Name: "/gc/heap/goal:bytes"},
			heapObjects: {Name: "/memory/classes/heap/objects:bytes"},
			heapCycles:  {Name: "/gc/cycles/total:gc-cycles"},
		},
	}
	h.refresh()
	return h
}

// refresh takes over what a collection has changed, if one has finished.
func (h *heap) refresh() {
	if h.watch.finished() {
		metrics.Read(h.after)
		h.live, h.limit = Uint64(h.after[heapLive]), Uint64(h.after[heapLimit])
		h.goal, h.cycles = Uint64(h.after[heapNext]), Uint64(h.after[heapFinished])
	}
}

// describe adds the collector's state as of now.
func (h *heap) describe(r *event.Readings) {
	metrics.Read(h.now)
	r.HeapLive, r.HeapGoal = h.live, Uint64(h.now[heapGoal])
	r.HeapObjects, r.GCCycles = Uint64(h.now[heapObjects]), Uint64(h.now[heapCycles])
}

func (h *heap) close() { h.watch.close() }

// Uint64 is 0 for what this version of Go does not have.
func Uint64(s metrics.Sample) uint64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s.Value.Uint64()
}

// ReadMetric reads one metric now.
func ReadMetric(name string) metrics.Sample {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0]
}

// A gcWatch tells whether a collection has finished, for the price of a flag:
// an object that nobody holds is found by every collection, and its cleanup
// makes the next one.
type gcWatch struct {
	seen  atomic.Bool
	ended atomic.Bool
	wake  chan<- struct{} // told too, unless it is full or nil
}

// canary has a pointer, so that it is not allocated together with others.
type canary struct{ _ *canary }

func newGCWatch(wake chan<- struct{}) *gcWatch {
	w := &gcWatch{wake: wake}
	w.seen.Store(true) // whatever was before
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

// finished reports whether a collection has, since the last call.
func (w *gcWatch) finished() bool { return w.seen.Load() && w.seen.Swap(false) }

// WakeByCollections returns what every finished collection sends to.
func WakeByCollections() (<-chan struct{}, func()) {
	wake := make(chan struct{}, 1)
	return wake, newGCWatch(wake).close
}
