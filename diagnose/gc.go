package diagnose

// collector stands for garbage collection in a diff of CPU time, until it is
// distributed among the allocating functions.
const collector function = -1

// cpu judges by CPU time. The growth of garbage collection is distributed among the
// functions that allocate more, if the heap profiles show them: the runtime
// collects in goroutines of its own, and makes every allocating goroutine help.
func (a *analysis) cpu() *cause {
	allocators, all := a.allocators()
	c := a.diff("cpu", func(r *reading) (function, bool) {
		if r.gc && len(allocators) > 0 {
			return collector, true
		}
		return r.fn, true
	})
	shared := c.distribute(allocators, all)
	f := a.plain(c)
	if f.confident {
		id := a.functions.ids[f.culprits[0].Function]
		if part := shared[id] / f.culprits[0].Delta; part >= 0.1 {
			f.caveats = append(f.caveats, percent(min(part, 1))+" of that is garbage collection, attributed by the growth of allocations")
		}
	}
	return f
}

// allocators returns the functions that clearly allocate more than in calm times,
// beyond the load growth, and the growth of all allocations.
func (a *analysis) allocators() (out []*growth, all float64) {
	c := a.allocated()
	if c == nil {
		return nil, 0
	}
	for _, g := range c.grown() {
		if g.score >= minScore/2 && g.excess > 0 {
			out = append(out, g)
			all += g.excess
		}
	}
	return out, max(all, c.extra())
}

// distribute moves the growth of the collector to the allocating functions, and
// returns how much each got.
func (c *diff) distribute(allocators []*growth, all float64) counts {
	gc := c.now.of[collector]
	extra := gc.value - c.scale*c.calm.of[collector].value
	if !c.compared || extra <= 0 || all <= 0 {
		return nil
	}
	each := gc.each()
	given, out := 0.0, counts{}
	for _, m := range allocators {
		part := extra * m.excess / all
		out[m.fn] = part
		given += part
		c.now.of[m.fn] = c.now.of[m.fn].plus(weight{part, part * each})
	}
	c.now.of[collector] = gc.minus(weight{value: given})
	return out
}

// allocated compares the allocations since the baseline with those of calm times.
// It is nil if the profiles do not show them.
func (a *analysis) allocated() *diff {
	calm, event := a.calm.Heap, a.Event.Heap
	if event == nil || calm == nil || a.calm.EarlierHeap == nil || a.calm.HeapSpan <= 0 || a.SinceBaseline <= 0 {
		return nil
	}
	c := a.between("alloc", calm, event, blamed)
	before := a.between("alloc", a.calm.EarlierHeap, calm, blamed)
	if !c.compared || !before.compared || !sameProcess(c) || !sameProcess(before) {
		return nil
	}
	c.split = func(of func(*view, *scale) tally) (now, was tally) {
		middle := of(c.before, c.beforeWith)
		return since(of(c.view, c.with), middle), since(middle, of(before.before, before.beforeWith))
	}
	c.now, c.calm = since(c.now, c.calm), since(before.now, before.calm)
	c.scale = float64(a.SinceBaseline) / float64(a.calm.HeapSpan)
	return c
}

// since is what has been added to a cumulative tally.
func since(now, then tally) tally {
	out := newTally()
	for id, w := range now.of {
		if added := w.minus(then.of[id]); added.value > 0 {
			out.add(id, added)
		}
	}
	return out
}

// sameProcess reports whether no cumulative sum has shrunk. A sum shrinks when the
// process was restarted in between.
func sameProcess(c *diff) bool {
	lost := 0.0
	for id, calm := range c.calm.of {
		lost += max(calm.value-c.now.of[id].value, 0)
	}
	return lost <= 0.01*c.calm.total.value
}

// allocations judges by what is allocated, in use or not: it is what causes garbage
// collection.
func (a *analysis) allocations() *cause {
	if a.unsampled() {
		return notSampled("alloc")
	}
	c := a.allocated()
	if c == nil {
		return &cause{words: wordsOf("alloc"), kind: "heap", readable: false}
	}
	return a.plain(c)
}
