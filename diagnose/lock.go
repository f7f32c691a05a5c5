package diagnose

import (
	"fmt"
	"strings"
)

// A queue is a set of goroutines that wait for what another goroutine holds.
type queue struct {
	lock  bool     // a lock; else a slot of a pool, a token, an answer
	in    counts   // where they wait
	main  function // where most of them do
	extra float64  // how many more than in calm times
	of    float64  // how many more goroutines there are in total
	score float64
}

// lockRule finds the holder of the lock that most of the extra goroutines wait
// for. It is nil if they wait for none.
func (a *analysis) lockRule(app, _ *diff) *cause {
	waiting := a.diff("goroutine", func(r *reading) (function, bool) {
		return r.fn, r.state == stateLock && r.origin != originStd
	})
	if !waiting.accumulated(app) {
		return nil
	}
	return a.holder(waiting, queue{lock: true})
}

// poolRule does the same for goroutines that wait for a channel or a condition in
// a function that hands out a resource. It is nil if they do not, and if the holder
// is uncertain and that function may be the cause as well.
func (a *analysis) poolRule(app, _ *diff) *cause {
	waiting := a.diff("goroutine", func(r *reading) (function, bool) {
		return r.site, r.state.waits() && r.state != stateLock && r.origin != originStd
	})
	if !waiting.accumulated(app) {
		return nil
	}
	site := waiting.grown()[0]
	if site.delta < app.extra()/2 {
		return nil
	}
	sharing := a.sharing(waiting, site.fn)
	if sharing == notShared {
		return nil
	}
	f := a.holder(waiting, queue{})
	if !f.confident && sharing == maybeShared {
		return nil
	}
	if len(f.culprits) == 0 {
		f.culprits = a.plain(app).culprits // at least the functions that they wait in
	}
	return f
}

// holder looks for the holder of what a queue waits for.
func (a *analysis) holder(waiting *diff, w queue) *cause {
	gs := waiting.grown()
	w.in, w.main, w.extra, w.score = counts{gs[0].fn: gs[0].delta}, gs[0].fn, gs[0].delta, gs[0].score
	if w.lock { // it is waited for in several functions
		w.extra = waiting.extra()
	}
	w.of = max(a.diff("goroutine", blamedApp).extra(), w.extra)
	for _, g := range gs {
		if w.lock && g.delta >= w.extra/20 {
			w.in[g.fn] = g.delta
		}
	}
	candidates, sure := a.rankHolders(&w)
	f := &cause{words: wordsOf("goroutine"), kind: "goroutine", readable: true, compared: true, confident: sure}
	for i, c := range candidates[:min(len(candidates), maxCulprits)] {
		f.culprits = append(f.culprits, Culprit{})
		a.describeHolder(&f.culprits[i], c, &w, waiting)
	}
	f.says = a.holderSentence(f, &w)
	if sure {
		f.caveats = append(f.caveats, "profiles do not record the holder of a lock: it is inferred from the other goroutines while these waited")
	}
	return f
}

// describeHolder makes a candidate a culprit.
func (a *analysis) describeHolder(out *Culprit, c *candidate, w *queue, waiting *diff) {
	g := growth{fn: c.fn, delta: w.extra, share: w.extra / w.of, score: w.score}
	waiting.describe(out, &g, &detail{position: c.at})
	if c.blocked >= minPart {
		out.Evidence = "mutex"
	}
	out.WaitedIn, out.State = a.functions.all[w.main].symbol, c.state.String()
}

func (a *analysis) holderSentence(f *cause, w *queue) string {
	waiters := fmt.Sprintf("%.0f of %.0f extra goroutines wait for", w.extra, w.of)
	in := a.functions.display(w.main)
	what := "a resource"
	if w.lock {
		what = "a lock"
	}
	switch {
	case f.confident && w.lock:
		return fmt.Sprintf("%s holds the lock that %s in %s", f.culprits[0].where(), waiters, in)
	case f.confident:
		return fmt.Sprintf("%s holds what %s in %s", f.culprits[0].where(), waiters, in)
	case len(f.culprits) == 0:
		return fmt.Sprintf("%s %s in %s, and the profiles show no holder", waiters, what, in)
	}
	var names []string
	for i := range f.culprits {
		names = append(names, f.culprits[i].where())
	}
	return fmt.Sprintf("%s %s in %s, possibly held by %s", waiters, what, in, strings.Join(names, ", "))
}

// locks judges by the functions that held locks while others waited: those are in
// the mutex profile of the runtime. The goroutines that wait say which lock matters.
func (a *analysis) locks() *cause {
	if a.Event.Goroutine != nil && a.calm.Goroutine != nil {
		app := a.diff("goroutine", blamedApp)
		if f := a.lockRule(app, app); f != nil && f.confident {
			return f
		}
	}
	return a.plain(a.diff("mutex", blamed))
}
