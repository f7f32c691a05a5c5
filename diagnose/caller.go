package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// When a function's growth is its caller's fault: the function was busy for
// others before, for this part of what it did and in this many samples of then
// and now, and next to all that it does more now it does for one caller.
const (
	otherSamples = 3
	otherPart    = 0.2
	onePart      = 0.8
	highest      = 4 // callers to go up
)

// callersFirst puts the caller of the first culprit before it, if it is a
// helper that did more for one caller than it did, and for the others what it
// always does. The function writeJSON of a service is not to blame for who
// calls it in a loop.
func (c *contrast) callersFirst(g growth, out []Culprit) []Culprit {
	people := c.view.people
	if !c.compared || g.score < leastScore || people.all[g.who].origin != originOwn {
		return out
	}
	path := []who{g.who}
	share := g.share
	var found growth
	for len(path) < highest {
		callers := c.callers(path)
		next, ok := callers.single()
		if !ok {
			break
		}
		share *= min(next.delta/g.delta, 1)
		path, found, g = append(path, next.who), next, next
	}
	if len(path) == 1 {
		return out
	}
	found.share = share
	with := make([]Culprit, 1, named)
	c.charge(&with[0], &found, &detail{position: c.view.position(c.with, path), via: path[0]})
	with[0].helped = true
	for i := range out {
		if out[i].Function != with[0].Function && len(with) < named {
			with = append(with, out[i])
		}
	}
	return with
}

// callers splits what the first of a path does, called by the second and so on,
// by who calls the last.
func (c *contrast) callers(path []who) *contrast {
	out := *c
	out.unrest = 0
	through := func(v *view, s scale) tally {
		t := newTally()
		v.each(s, func(r *reading, record sample, w weight) {
			if r.who == path[0] {
				if caller, _, ok := v.above(record, path); ok {
					t.add(caller, w)
				}
			}
		})
		return t
	}
	out.now, out.calm = c.split(through)
	if c.kind == "heap" { // who has no use for it any more is still seen to have called
		out.ever = through(c.view, c.view.scale("alloc"))
	}
	return &out
}

// single returns the caller who is at fault.
func (c *contrast) single() (growth, bool) {
	gs := c.grown()
	if len(gs) == 0 {
		return growth{}, false
	}
	g := gs[0]
	others, alsoNow := c.calm.total.minusExactly(c.calm.of[g.who]), c.now.total.minusExactly(c.now.of[g.who])
	alsoEver := c.ever.total.minusExactly(c.ever.of[g.who])
	seen := others.samples() + max(alsoNow.samples(), alsoEver.samples()) // a short calm profile sees little of them
	busy := others.value >= otherPart*c.calm.total.value && seen >= otherSamples
	own := c.view.people.all[g.who].origin == originOwn
	return g, own && busy && g.score >= leastScore && g.part >= onePart && g.delta >= onePart*c.extra()
}

// above finds who calls the last of a path of the application's own functions,
// the leaf-most first, and where. It is nobody for one that no own code calls,
// and false for a stack that has another path.
func (v *view) above(s sample, path []who) (caller who, at pprofread.Call, ok bool) {
	n := 0
	for _, call := range v.calls(s) {
		id := v.who[call.Function]
		switch {
		case v.people.all[id].origin != originOwn:
		case n > 0 && id == path[n-1]: // calls itself, or is inlined in pieces
		case n == len(path):
			return id, call, true
		case id == path[n]:
			n++
		case n > 0:
			return nobody, pprofread.Call{}, false
		}
	}
	return nobody, pprofread.Call{}, n == len(path)
}

// position is where the last of a path calls the one before it.
func (v *view) position(s scale, path []who) position {
	lines := spots{}
	last := len(path) - 1
	v.each(s, func(r *reading, record sample, w weight) {
		if r.who != path[0] {
			return
		}
		if id, call, ok := v.above(record, path[:last]); ok && id == path[last] {
			_, file := v.Function(call.Function)
			lines[spot{position: position{file, call.Line}}] += w.value
		}
	})
	var best position
	most := 0.0
	for at, w := range lines {
		if w > most || w == most && at.line < best.line {
			best, most = at.position, w
		}
	}
	return best
}
