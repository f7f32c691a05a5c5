package diagnose

import (
	"math"
	"slices"
)

// maxDepth bounds the functions of a stack that are looked at.
const maxDepth = 100

// scan calls found for each of the application's own functions on the stacks of
// goroutines outside the queue, with the number of these goroutines.
func (v *view) scan(w *queue, found func(function, candidate)) {
	sums := map[function]*candidate{}
	var order []function
	v.working(w, func(r *reading, s sample, n float64) {
		var on []function
		for _, call := range v.calls(s) {
			id := v.ids[call.Function]
			if v.functions.all[id].origin != originOwn || slices.Contains(on, id) || len(on) > maxDepth {
				continue
			}
			c := sums[id]
			if c == nil {
				_, file := v.Function(call.Function)
				c = &candidate{at: position{file, call.Line}, state: r.state}
				sums[id] = c
				order = append(order, id)
			}
			c.depth = (c.depth*c.now + float64(len(on))*n) / (c.now + n)
			c.now += n
			on = append(on, id)
		}
	})
	for _, id := range order {
		found(id, *sums[id])
	}
}

// working calls f for the goroutines outside the queue. For a lock, goroutines that
// wait for another lock are in the queue as well: one may hold this lock, but then
// it is not the cause.
func (v *view) working(w *queue, f func(r *reading, s sample, n float64)) {
	v.goroutines(func(r *reading, s sample, n float64) {
		if !w.includes(r) {
			f(r, s, n)
		}
	})
}

func (v *view) goroutines(f func(r *reading, s sample, n float64)) {
	v.each(v.scale("goroutine"), func(r *reading, s sample, w weight) { f(r, s, w.value) })
}

func (w *queue) includes(r *reading) bool {
	if w.lock {
		return r.state == stateLock
	}
	return r.state.waits() && w.in[r.site] > 0
}

// countArrivals counts how many goroutines of a candidate have come with the event:
// none if its caller has no more goroutines than in calm times. It also counts the
// call paths by which they came.
func (a *analysis) countArrivals(all map[function]*candidate, w *queue) {
	now, calm := a.view(a.Event.Goroutine), a.view(a.calm.Goroutine)
	more := now.present()
	for id, n := range calm.present() {
		more[id] -= n
	}
	now.working(w, func(_ *reading, s sample, n float64) {
		on := now.own(s)
		least, way := math.Inf(1), uint64(0)
		for _, id := range slices.Backward(on) {
			if c := all[id]; c != nil {
				c.fresh = max(c.fresh, min(least, c.excess()))
				if c.ways == nil {
					c.ways = map[uint64]float64{}
				}
				c.ways[way] += n
			}
			way = way*31 + uint64(id)
			least = min(least, more[id])
		}
	})
}

// known returns the functions in any profile of calm times.
func (a *analysis) known() counts {
	out := counts{}
	for _, p := range []*Profile{a.calm.CPU, a.calm.Heap, a.calm.Goroutine, a.calm.EarlierGoroutine} {
		for _, id := range a.view(p).ids {
			out[id]++
		}
	}
	return out
}

// present counts the goroutines that have a function on their stack.
func (v *view) present() counts {
	out := counts{}
	v.goroutines(func(_ *reading, s sample, n float64) {
		for _, id := range v.own(s) {
			out[id] += n
		}
	})
	return out
}

// own returns the application's functions on a stack, each once, leaf first.
func (v *view) own(s sample) (out []function) {
	for _, call := range v.calls(s) {
		id := v.ids[call.Function]
		if v.functions.all[id].origin == originOwn && len(out) < maxDepth && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// waiting counts the functions on the stacks of the queue.
func (a *analysis) waiting(w *queue) counts {
	out := counts{}
	v := a.view(a.Event.Goroutine)
	v.goroutines(func(r *reading, s sample, n float64) {
		if w.includes(r) {
			for _, call := range v.calls(s) {
				out[v.ids[call.Function]] += n
			}
		}
	})
	return out
}

// coLocated counts the functions on the same stacks as id.
func (a *analysis) coLocated(id function, w *queue) counts {
	out := counts{}
	v := a.view(a.Event.Goroutine)
	v.working(w, func(_ *reading, s sample, n float64) {
		if v.passes(s, id) {
			for _, call := range v.calls(s) {
				out[v.ids[call.Function]] += n
			}
		}
	})
	return out
}
