package holmes

import (
	"runtime"
	"runtime/metrics"
	"sync/atomic"
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
		h.live, h.limit = metric(h.after[heapLive]), metric(h.after[heapLimit])
		h.goal, h.cycles = metric(h.after[heapNext]), metric(h.after[heapFinished])
	}
}

// describe adds the collector's state as of now.
func (h *heap) describe(r *Readings) {
	metrics.Read(h.now)
	r.HeapLive, r.HeapGoal = h.live, metric(h.now[heapGoal])
	r.HeapObjects, r.GCCycles = metric(h.now[heapObjects]), metric(h.now[heapCycles])
}

func (h *heap) close() { h.watch.close() }

// metric is 0 for what this version of Go does not have.
func metric(s metrics.Sample) uint64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s.Value.Uint64()
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
