package diagnose

import "fmt"

// clientRule judges a leak of an HTTP client's connections. Each has two
// goroutines that the library started, so none of the application's code is on
// their stacks; but what a request that has not ended keeps in use was allocated
// below who made it. It is nil if there is no such leak.
func (q *inquest) clientRule(_, all *contrast) *finding {
	conns := q.contrast("goroutine", func(r *reading) (who, bool) { return r.who, r.conn })
	asking := q.contrast("goroutine", func(r *reading) (who, bool) { return r.who, r.client })
	extra := conns.extra()
	// Of requests that wait for an answer the connections are no leak.
	leaked := extra/2 - max(asking.extra(), 0)
	if !conns.piled(conns) || extra < 0.4*all.extra() || leaked < extra/4 {
		return nil
	}
	f := &finding{words: wordsOf("goroutine"), kind: "goroutine", readable: true, compared: true}
	crowd := fmt.Sprintf("%.0f of %.0f extra goroutines", extra, all.extra())
	c, gs := q.askers()
	if c == nil {
		f.culprits = conns.culprits(conns.grown())
		f.says = crowd + " serve connections of the HTTP client, opened by no one who is in the profiles"
		return f
	}
	f.culprits = c.culprits(gs[:min(len(gs), named)])
	for i := range f.culprits {
		f.culprits[i].Via = "net/http.(*persistConn).readLoop"
		f.culprits[i].helped = true
	}
	first := gs[0]
	samples := first.delta / max(first.now.each(), 1)
	f.confident = c.compared && first.share >= 0.7 && samples >= 2 && q.people.all[first.who].origin == originOwn
	if f.confident {
		f.says = fmt.Sprintf("%s keeps connections of the HTTP client open, which %s serve", f.culprits[0].where(), crowd)
		f.caveats = []string{"told by what its unfinished requests keep in use; a body that is not closed keeps its connection"}
		return f
	}
	f.says = fmt.Sprintf("%s serve connections of the HTTP client, opened perhaps by %s", crowd, list(f.culprits))
	return f
}

// askers are those who make HTTP requests, those first who keep more of them in
// use, or at least allocate more for them.
func (q *inquest) askers() (*contrast, []growth) {
	asks := func(r *reading) (who, bool) { return r.who, r.client && r.origin != originStd }
	for _, kind := range []string{"heap", "alloc"} {
		c := q.between(kind, q.calm.Heap, q.Event.Heap, asks)
		c.unrest = 0
		if gs := c.grown(); len(gs) > 0 {
			c.compared = c.compared && kind == "heap"
			return c, gs
		}
	}
	for _, kind := range []string{"goroutine", "cpu"} {
		c := q.contrast(kind, asks)
		c.compared = false
		if gs := c.grown(); len(gs) > 0 {
			return c, gs
		}
	}
	return nil, nil
}
