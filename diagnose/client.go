package diagnose

import "fmt"

// clientRule finds the cause of a leak of an HTTP client's connections. Each has
// two goroutines that the standard library started, so no code of the application
// is on their stacks; but the memory of an unfinished request was allocated below
// the function that made it. It is nil if there is no such leak.
func (a *analysis) clientRule(_, all *diff) *cause {
	conns := a.diff("goroutine", func(r *reading) (function, bool) { return r.fn, r.conn })
	asking := a.diff("goroutine", func(r *reading) (function, bool) { return r.fn, r.client })
	extra := conns.extra()
	// Connections of requests that wait for an answer are no leak.
	leaked := extra/2 - max(asking.extra(), 0)
	if !conns.accumulated(conns) || extra < 0.4*all.extra() || leaked < extra/4 {
		return nil
	}
	f := &cause{words: wordsOf("goroutine"), kind: "goroutine", readable: true, compared: true}
	waiters := fmt.Sprintf("%.0f of %.0f extra goroutines", extra, all.extra())
	c, gs := a.requesters()
	if c == nil {
		f.culprits = conns.culprits(conns.grown())
		f.says = waiters + " serve connections of the HTTP client, and the profiles do not show where they were opened"
		return f
	}
	f.culprits = c.culprits(gs[:min(len(gs), maxCulprits)])
	for i := range f.culprits {
		f.culprits[i].Via = "net/http.(*persistConn).readLoop"
		f.culprits[i].helped = true
	}
	first := gs[0]
	samples := first.delta / max(first.now.each(), 1)
	f.confident = c.compared && first.share >= 0.7 && samples >= 2 && a.functions.all[first.fn].origin == originOwn
	if f.confident {
		f.says = fmt.Sprintf("%s keeps connections of the HTTP client open, which %s serve", f.culprits[0].where(), waiters)
		f.caveats = []string{"inferred from the memory of its unfinished requests; a response body that is not closed keeps its connection"}
		return f
	}
	f.says = fmt.Sprintf("%s serve connections of the HTTP client, possibly opened by %s", waiters, list(f.culprits))
	return f
}

// requesters are the functions that make HTTP requests, ranked by the memory of
// their requests in use, or by what they allocate for requests.
func (a *analysis) requesters() (*diff, []*growth) {
	asks := func(r *reading) (function, bool) { return r.fn, r.client && r.origin != originStd }
	for _, kind := range []string{"heap", "alloc"} {
		c := a.between(kind, a.calm.Heap, a.Event.Heap, asks)
		c.churn = 0
		if gs := c.grown(); len(gs) > 0 {
			c.compared = c.compared && kind == "heap"
			return c, gs
		}
	}
	for _, kind := range []string{"goroutine", "cpu"} {
		c := a.diff(kind, asks)
		c.compared = false
		if gs := c.grown(); len(gs) > 0 {
			return c, gs
		}
	}
	return nil, nil
}
