package diagnose

import "math"

// goroutines judges by the goroutines that exist. Those of a client's connections
// have no frame of the application, and those that wait for a resource are not the
// cause; only if neither explains the growth are the growing ones to blame.
func (a *analysis) goroutines() *cause {
	all := a.diff("goroutine", blamed)
	// The goroutines that net/http starts beside each request, as to watch its
	// connection, count only if there is little else.
	app := a.diff("goroutine", blamedApp)
	if all.compared {
		for _, rule := range []func(app, all *diff) *cause{a.lockRule, a.clientRule, a.poolRule} {
			if f := rule(app, all); f != nil {
				return f
			}
		}
		if app.extra() >= all.extra()/4 {
			all = app
		}
	}
	f := a.plain(all)
	f.states(all)
	return f
}

// systemCalls judges threads by the goroutines in a system call or in C, each of
// which has a thread for itself. Threads stay when the calls have ended, so it looks
// at the moment with the most calls.
func (a *analysis) systemCalls() *cause {
	calling := func(r *reading) (function, bool) { return r.fn, r.state == stateSyscall }
	worst := a.diff("goroutine", calling)
	for _, p := range a.Goroutines {
		if c := a.between("goroutine", a.calm.Goroutine, p, calling); c.now.total.value > worst.now.total.value {
			worst = c
		}
	}
	f := a.plain(worst)
	f.words = wordsOf("syscall")
	return f
}

// states adds what most goroutines of each culprit are doing.
func (f *cause) states(c *diff) {
	for i := range f.culprits {
		f.culprits[i].State = c.stateOf(f.culprits[i].Function).String()
	}
}

// stateOf is the state of most goroutines that have a function on their stack,
// blamed or not.
func (c *diff) stateOf(symbol string) state {
	id := c.view.functions.ids[symbol]
	sums := counts{}
	c.view.each(c.with, func(r *reading, s sample, w weight) {
		if r.fn == id || c.view.passes(s, id) {
			sums[function(r.state)] += w.value
		}
	})
	best := function(stateRunning)
	for s, n := range sums {
		if n > sums[best] || n == sums[best] && s < best {
			best = s
		}
	}
	return state(best)
}

// passes reports whether a function is on a stack.
func (v *view) passes(s sample, id function) bool {
	for _, call := range v.calls(s) {
		if v.ids[call.Function] == id {
			return true
		}
	}
	return false
}

// accumulated reports whether these goroutines are clearly more than in calm times,
// and at least half of the growth of all.
func (c *diff) accumulated(all *diff) bool {
	extra := c.extra()
	noise := math.Sqrt(c.now.total.variance + c.calm.total.variance + 1)
	return extra >= minScore*noise && extra >= all.extra()/2
}
