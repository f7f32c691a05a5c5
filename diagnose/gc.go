package diagnose

// collector is whom a contrast of CPU blames for collecting garbage, until it
// is known who made it.
const collector who = -1

// processor judges by CPU time. What the collector takes more is shared out
// among those who allocate more, where the heap profiles tell who that is: the
// runtime collects in goroutines of its own, and makes whoever allocates help
// it, the innocent too.
func (q *inquest) processor() *finding {
	makers, all := q.makers()
	c := q.contrast("cpu", func(r *reading) (who, bool) {
		if r.gc && len(makers) > 0 {
			return collector, true
		}
		return r.who, true
	})
	shared := c.shareOut(makers, all)
	f := q.plain(c)
	if f.confident {
		id := q.people.ids[f.culprits[0].Function]
		if part := shared[id] / f.culprits[0].Delta; part >= 0.1 {
			f.caveats = append(f.caveats, percent(min(part, 1))+" of that is garbage collection, shared out by who allocated more")
		}
	}
	return f
}

// makers are those who clearly allocate more than in calm times, beyond what
// everybody does, and how much more is allocated at all.
func (q *inquest) makers() (out []growth, all float64) {
	c := q.allocated()
	if c == nil {
		return nil, 0
	}
	for _, g := range c.grown() {
		if g.score >= leastScore/2 && g.excess > 0 {
			out = append(out, g)
			all += g.excess
		}
	}
	return out, max(all, c.extra())
}

// shareOut takes from the collector what it does more, and returns what each
// got of it.
func (c *contrast) shareOut(makers []growth, all float64) counts {
	gc := c.now.of[collector]
	extra := gc.value - c.scale*c.calm.of[collector].value
	if !c.compared || extra <= 0 || all <= 0 {
		return nil
	}
	each := gc.each()
	given, out := 0.0, counts{}
	for _, m := range makers {
		part := extra * m.excess / all
		out[m.who] = part
		given += part
		c.now.of[m.who] = c.now.of[m.who].plus(weight{part, part * each})
	}
	c.now.of[collector] = gc.minus(weight{value: given})
	return out
}

// allocated contrasts what was allocated since the baseline with what is
// allocated in calm times. It is nil if the profiles do not tell.
func (q *inquest) allocated() *contrast {
	calm, event := q.calm.Heap, q.Event.Heap
	if event == nil || calm == nil || q.calm.EarlierHeap == nil || q.calm.HeapSpan <= 0 || q.SinceBaseline <= 0 {
		return nil
	}
	c := q.between("alloc", calm, event, blamed)
	before := q.between("alloc", q.calm.EarlierHeap, calm, blamed)
	if !c.compared || !before.compared || !sameProcess(c) || !sameProcess(before) {
		return nil
	}
	c.split = func(of func(*view, scale) tally) (now, was tally) {
		middle := of(c.before, c.beforeWith)
		return since(of(c.view, c.with), middle), since(middle, of(before.before, before.beforeWith))
	}
	c.now, c.calm = since(c.now, c.calm), since(before.now, before.calm)
	c.scale = float64(q.SinceBaseline) / float64(q.calm.HeapSpan)
	return c
}

// since is what has been added to a tally of all that ever was.
func since(now, then tally) tally {
	out := newTally()
	for id, w := range now.of {
		if added := w.minus(then.of[id]); added.value > 0 {
			out.add(id, added)
		}
	}
	return out
}

// sameProcess tells that nothing that only grows has shrunk. A profile of the
// process that was restarted since is no beginning to count from.
func sameProcess(c *contrast) bool {
	lost := 0.0
	for id, calm := range c.calm.of {
		lost += max(calm.value-c.now.of[id].value, 0)
	}
	return lost <= 0.01*c.calm.total.value
}

// allocations judges by what is allocated, kept or not: it is what the
// collector works for.
func (q *inquest) allocations() *finding {
	c := q.allocated()
	if c == nil {
		return &finding{words: wordsOf("alloc"), kind: "heap", readable: false}
	}
	return q.plain(c)
}

// memory judges by what is in use.
func (q *inquest) memory() *finding {
	f := q.plain(q.contrast("heap", blamed))
	// With more traffic, what is kept per visitor and what is cached grow in
	// many places, and one of them most.
	f.confident = f.confident && f.culprits[0].Share >= leastKept
	if f.confident {
		f.caveats = append(f.caveats, "a heap profile tells who allocated, not who keeps it")
	}
	return f
}
