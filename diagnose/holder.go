package diagnose

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
)

// A candidate is a function that was at work while others waited.
type candidate struct {
	who     who
	at      position
	state   state
	now     float64 // goroutines in it, on the average
	calm    float64 // in calm times, at most
	seen    int     // in how many of the profiles
	depth   float64 // of the application's own frames below it, on the average
	kin     float64 // how near it is to where the others wait
	blocked float64 // its part of what the mutex profile blames
	inLine  bool    // others wait in it, or in what it calls
	fresh   float64 // how many more there are of what its goroutines come from
	score   float64
}

func (c *candidate) excess() float64 { return c.now - c.calm }

// moved reports whether its goroutines were there in calm times already, and
// did something else.
func (c *candidate) moved() bool { return c.fresh < 0.5 }

// deepest is how many functions of a stack are looked at.
const deepest = 100

// lastProfiles is how many of a series of profiles are looked at.
const lastProfiles = 4

// search ranks those who may hold what a queue waits for: functions with a
// goroutine in them that does not stand in line, and more of them than in calm
// times. It tells whether there is no doubt about the first.
func (q *inquest) search(w *queue) (found []candidate, sure bool) {
	series := q.Goroutines
	if len(series) == 0 {
		series = []*Profile{q.Event.Goroutine}
	}
	series = series[max(0, len(series)-lastProfiles):]
	all := map[who]*candidate{}
	for _, p := range series {
		q.view(p).scan(w, func(id who, c candidate) {
			had := all[id]
			if had == nil {
				had = &candidate{who: id, at: c.at, state: c.state}
				all[id] = had
			}
			had.now += c.now / float64(len(series))
			had.depth += c.now * c.depth / float64(len(series))
			had.seen++
		})
	}
	for _, p := range []*Profile{q.calm.Goroutine, q.calm.EarlierGoroutine} {
		q.view(p).scan(w, func(id who, c candidate) {
			if had := all[id]; had != nil {
				had.calm = max(had.calm, c.now)
			}
		})
	}
	q.blame(all)
	near, waiting := q.kinsfolk(w), q.waiting(w)
	q.freshen(all, w)
	for _, c := range all {
		c.depth /= c.now
		if c.now == 0 {
			c.depth = 0
		}
		if (c.excess() < 0.5 || !w.lock && c.moved()) && c.blocked < leastPart {
			continue
		}
		c.kin, c.inLine = near.to(q.people, c), waiting[c.who] > 0
		c.score = c.weigh(w, len(series))
		found = append(found, *c)
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := &found[i], &found[j]
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(q.people.all[a.who].symbol, q.people.all[b.who].symbol)) < 0
	})
	return found, q.certain(found, w, len(series))
}

// weigh says how much speaks against a candidate.
func (c *candidate) weigh(w *queue, profiles int) float64 {
	score := 8*c.blocked + 2*(1-min(c.calm/max(c.now, 1), 1)) + float64(c.seen)/float64(profiles)
	if c.inLine { // it is there because it came there, as all did
		score -= 2
	}
	if c.moved() {
		score--
	}
	if w.lock {
		// Of the frames of a stack that are as near, the outer one took the lock
		// and the inner ones are what it does with it; of those that are not
		// near at all the inner one says more.
		return score + c.kin - 0.1*c.depth*sign(c.kin < 2)
	}
	return score + min(c.excess(), c.fresh, 20)/5 - 0.1*c.depth
}

func sign(positive bool) float64 {
	if positive {
		return 1
	}
	return -1
}

// certain tells that all that can be known speaks against the first, and less
// against any other that is not on its stack.
func (q *inquest) certain(found []candidate, w *queue, profiles int) bool {
	if len(found) == 0 {
		return false
	}
	first := &found[0]
	if first.blocked >= leastPart {
		return true
	}
	if first.calm > first.now/4 || first.seen < profiles || first.moved() && first.kin < 2 {
		return false
	}
	mates := q.mates(first.who, w)
	for i := range found[1:] {
		rival := &found[i+1]
		if mates[rival.who] > 0 || rival.calm > rival.now/4 || rival.seen < profiles || rival.moved() && !first.moved() {
			continue
		}
		if w.lock && rival.kin >= first.kin || !w.lock && rival.excess() >= first.excess()/2 {
			return false
		}
	}
	if w.lock {
		return first.kin >= 2 || profiles > 1
	}
	return first.excess() >= 3
}

// blame adds what a mutex profile of the event says.
func (q *inquest) blame(all map[who]*candidate) {
	c := q.contrast("mutex", blamed)
	for id, now := range c.now.of {
		part := now.value / c.now.total.value
		if id <= nobody || part < 0.05 || q.people.all[id].origin != originOwn {
			continue
		}
		if all[id] == nil {
			d := map[who]detail{id: {}}
			c.view.detail(c.with, d)
			all[id] = &candidate{who: id, at: d[id].position}
		}
		all[id].blocked = part
	}
}

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
// come with the event.
func (q *inquest) freshen(all map[who]*candidate, w *queue) {
	now, calm := q.view(q.Event.Goroutine), q.view(q.calm.Goroutine)
	more := now.present()
	for id, n := range calm.present() {
		more[id] -= n
	}
	now.working(w, func(_ *reading, s sample, _ float64) {
		on := now.own(s)
		least := math.Inf(1)
		for i := len(on) - 1; i >= 0; i-- {
			if c := all[on[i]]; c != nil {
				c.fresh = max(c.fresh, min(least, c.excess()))
			}
			least = min(least, more[on[i]])
		}
	})
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
