package diagnose

import (
	"math"
	"slices"
)

// deepest is how many functions of a stack are looked at.
const deepest = 100

// scan calls found for all of the application's own functions on the stacks of
// those who do not stand in line, with how many there are in it.
func (v *view) scan(w *queue, found func(who, candidate)) {
	sums := map[who]*candidate{}
	var order []who
	v.working(w, func(r *reading, s sample, n float64) {
		var on []who
		for _, call := range v.calls(s) {
			id := v.who[call.Function]
			if v.people.all[id].origin != originOwn || slices.Contains(on, id) || len(on) > deepest {
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

// working calls f for the goroutines that do not stand in line. Who waits for
// another lock holds this one perhaps, but then for no fault of its own.
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

// freshen finds out where the goroutines of the candidates come from: those of
// a function whose caller has no more goroutines than in calm times have not
// come with the event. It also counts the ways that they have come.
func (q *inquest) freshen(all map[who]*candidate, w *queue) {
	now, calm := q.view(q.Event.Goroutine), q.view(q.calm.Goroutine)
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

// known are the functions in any profile of calm times.
func (q *inquest) known() counts {
	out := counts{}
	for _, p := range []*Profile{q.calm.CPU, q.calm.Heap, q.calm.Goroutine, q.calm.EarlierGoroutine} {
		for _, id := range q.view(p).who {
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

// own are the application's functions on a stack, each once, the leaf-most
// first.
func (v *view) own(s sample) (out []who) {
	for _, call := range v.calls(s) {
		id := v.who[call.Function]
		if v.people.all[id].origin == originOwn && len(out) < deepest && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// waiting are the functions on the stacks of those who stand in line.
func (q *inquest) waiting(w *queue) counts {
	out := counts{}
	v := q.view(q.Event.Goroutine)
	v.goroutines(func(r *reading, s sample, n float64) {
		if w.includes(r) {
			for _, call := range v.calls(s) {
				out[v.who[call.Function]] += n
			}
		}
	})
	return out
}

// mates are the functions that are on the same stacks.
func (q *inquest) mates(id who, w *queue) counts {
	out := counts{}
	v := q.view(q.Event.Goroutine)
	v.working(w, func(_ *reading, s sample, n float64) {
		if v.passes(s, id) {
			for _, call := range v.calls(s) {
				out[v.who[call.Function]] += n
			}
		}
	})
	return out
}
