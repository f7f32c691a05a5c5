package diagnose

import "math"

// goroutines judges by what goroutines there are. Those of a client's
// connections have no frame of the application's, those that wait for what
// another holds are innocent, and only then are those to blame of whom there
// are more.
func (q *inquest) goroutines() *finding {
	all := q.contrast("goroutine", blamed)
	// What net/http does beside each request, as to watch its connection, is
	// not what there is too much of unless there is little else.
	app := q.contrast("goroutine", func(r *reading) (who, bool) { return r.who, r.origin != originStd })
	if all.compared {
		for _, rule := range []func(app, all *contrast) *finding{q.lockRule, q.clientRule, q.poolRule} {
			if f := rule(app, all); f != nil {
				return f
			}
		}
		if app.extra() >= all.extra()/4 {
			all = app
		}
	}
	f := q.plain(all)
	f.states(all)
	return f
}

// stacks judges memory by goroutines: each has a stack of at least 2 KiB that
// no heap profile shows, and mostly more.
func (q *inquest) stacks() *finding {
	const many = 500
	if c := q.contrast("goroutine", blamed); c.extra() < many {
		return &finding{words: wordsOf("goroutine"), kind: "goroutine"}
	}
	return q.goroutines()
}

// systemCalls judges threads by who is in a system call or in C: each such
// goroutine has a thread for itself. Threads stay when the calls have ended, so
// it looks at the moment with the most of them.
func (q *inquest) systemCalls() *finding {
	calling := func(r *reading) (who, bool) { return r.who, r.state == stateSyscall }
	worst := q.contrast("goroutine", calling)
	for _, p := range q.Goroutines {
		if c := q.between("goroutine", q.calm.Goroutine, p, calling); c.now.total.value > worst.now.total.value {
			worst = c
		}
	}
	f := q.plain(worst)
	f.words = wordsOf("syscall")
	return f
}

// states adds what most goroutines of each culprit are doing.
func (f *finding) states(c *contrast) {
	for i := range f.culprits {
		f.culprits[i].State = c.stateOf(f.culprits[i].Function).String()
	}
}

// stateOf is what most goroutines are doing that have a function on their
// stack, blamed or not.
func (c *contrast) stateOf(symbol string) state {
	id := c.view.people.ids[symbol]
	sums := counts{}
	c.view.each(c.with, func(r *reading, s sample, w weight) {
		if r.who == id || c.view.passes(s, id) {
			sums[who(r.state)] += w.value
		}
	})
	best := who(stateRunning)
	for s, n := range sums {
		if n > sums[best] || n == sums[best] && s < best {
			best = s
		}
	}
	return state(best)
}

// passes reports whether a function is on a stack.
func (v *view) passes(s sample, id who) bool {
	for _, call := range v.calls(s) {
		if v.who[call.Function] == id {
			return true
		}
	}
	return false
}

// piled reports whether these are clearly more than in calm times, and the most
// of what there is more of at all.
func (c *contrast) piled(all *contrast) bool {
	extra := c.extra()
	noise := math.Sqrt(c.now.total.variance + c.calm.total.variance + 1)
	return extra >= leastScore*noise && extra >= all.extra()/2
}
