package diagnose

import (
	"fmt"
	"strings"
)

// A queue is a crowd of goroutines that wait for what someone else has.
type queue struct {
	lock  bool    // a lock; else a place in a pool, a token, an answer
	in    counts  // where they wait
	main  who     // where most of them do
	extra float64 // how many more than in calm times
	of    float64 // how many more goroutines there are at all
	score float64
}

// lockRule judges by who holds the lock that most of the additional goroutines
// wait for. It is nil if they do not.
func (q *inquest) lockRule(app, _ *contrast) *finding {
	waiting := q.contrast("goroutine", func(r *reading) (who, bool) {
		return r.who, r.state == stateLock && r.origin != originStd
	})
	if !waiting.piled(app) {
		return nil
	}
	return q.holder(waiting, queue{lock: true})
}

// poolRule does the same where they wait for a channel or a condition in a
// function that hands something out. It is nil if they do not, and when it is
// not sure and the function could as well be to blame.
func (q *inquest) poolRule(app, _ *contrast) *finding {
	waiting := q.contrast("goroutine", func(r *reading) (who, bool) {
		return r.site, r.state.waits() && r.state != stateLock && r.origin != originStd
	})
	if !waiting.piled(app) {
		return nil
	}
	site := waiting.grown()[0]
	if site.delta < app.extra()/2 {
		return nil
	}
	sharing := q.sharing(waiting, site.who)
	if sharing == notShared {
		return nil
	}
	f := q.holder(waiting, queue{})
	if !f.confident && sharing == maybeShared {
		return nil
	}
	if len(f.culprits) == 0 {
		f.culprits = q.plain(app).culprits // at least where they wait
	}
	return f
}

// holder looks for who holds what the others wait for.
func (q *inquest) holder(waiting *contrast, w queue) *finding {
	gs := waiting.grown()
	w.in, w.main, w.extra, w.score = counts{gs[0].who: gs[0].delta}, gs[0].who, gs[0].delta, gs[0].score
	if w.lock { // it is waited for in several functions
		w.extra = waiting.extra()
	}
	w.of = max(q.contrast("goroutine", func(r *reading) (who, bool) { return r.who, r.origin != originStd }).extra(), w.extra)
	for _, g := range gs {
		if w.lock && g.delta >= w.extra/20 {
			w.in[g.who] = g.delta
		}
	}
	candidates, sure := q.search(&w)
	f := &finding{words: wordsOf("goroutine"), kind: "goroutine", readable: true, compared: true, confident: sure}
	for i := range candidates[:min(len(candidates), named)] {
		f.culprits = append(f.culprits, Culprit{})
		q.accuse(&f.culprits[i], &candidates[i], &w, waiting)
	}
	f.says = q.tell(f, &w)
	if sure {
		f.caveats = append(f.caveats, "no profile says who holds a lock: it is told from who was where while the others waited")
	}
	return f
}

// accuse makes a candidate a culprit.
func (q *inquest) accuse(out *Culprit, c *candidate, w *queue, waiting *contrast) {
	g := growth{who: c.who, delta: w.extra, share: w.extra / w.of, score: w.score}
	waiting.charge(out, &g, &detail{position: c.at})
	if c.blocked >= leastPart {
		out.Evidence = "mutex"
	}
	out.WaitedIn, out.State = q.people.all[w.main].symbol, c.state.String()
}

func (q *inquest) tell(f *finding, w *queue) string {
	crowd := fmt.Sprintf("%.0f of %.0f extra goroutines wait for", w.extra, w.of)
	in := q.people.display(w.main)
	what := "what they get"
	if w.lock {
		what = "a lock"
	}
	switch {
	case f.confident && w.lock:
		return fmt.Sprintf("%s holds the lock that %s in %s", f.culprits[0].where(), crowd, in)
	case f.confident:
		return fmt.Sprintf("%s holds what %s in %s", f.culprits[0].where(), crowd, in)
	case len(f.culprits) == 0:
		return fmt.Sprintf("%s %s in %s, and nobody is seen to hold it", crowd, what, in)
	}
	var names []string
	for i := range f.culprits {
		names = append(names, f.culprits[i].where())
	}
	return fmt.Sprintf("%s %s in %s, held perhaps by %s", crowd, what, in, strings.Join(names, ", "))
}

// locks judges by who held locks while others waited: that is whom the
// runtime's mutex profile blames. Who stands in line says for whom it matters.
func (q *inquest) locks() *finding {
	if q.Event.Goroutine != nil && q.calm.Goroutine != nil {
		app := q.contrast("goroutine", func(r *reading) (who, bool) { return r.who, r.origin != originStd })
		if f := q.lockRule(app, app); f != nil && f.confident {
			return f
		}
	}
	return q.plain(q.contrast("mutex", blamed))
}
