package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// A caller is the cause of a function's growth when the function was busy for other
// callers before, by this part of its work and in this many samples before and now,
// and when nearly all of its growth is for the one caller.
const (
	otherSamples = 3
	otherPart    = 0.2
	onePart      = 0.8
	maxCallers   = 4 // how far the path goes up
)

// callersFirst puts the caller of the first culprit before it, if the culprit is a
// helper that does more for one caller and the same as ever for the others. A
// function writeJSON of a service is not to blame for a caller's loop.
func (c *diff) callersFirst(g *growth, out []Culprit) []Culprit {
	functions := c.view.functions
	if !c.compared || g.score < minScore || functions.all[g.fn].origin != originOwn {
		return out
	}
	path := []function{g.fn}
	share := g.share
	for len(path) < maxCallers {
		callers := c.callers(path)
		next, ok := callers.single()
		if !ok {
			break
		}
		share *= min(next.delta/g.delta, 1)
		path, g = append(path, next.fn), next
	}
	if len(path) == 1 {
		return out
	}
	g.share = share
	with := make([]Culprit, 1, maxCulprits)
	c.describe(&with[0], g, &detail{position: c.view.position(c.with, path), via: path[0]})
	with[0].helped = true
	for i := range out {
		if out[i].Function != with[0].Function && len(with) < maxCulprits {
			with = append(with, out[i])
		}
	}
	return with
}

// callers splits what the first function of a path does, called by the second and
// so on, by the callers of the last.
func (c *diff) callers(path []function) *diff {
	out := *c
	out.churn = 0
	through := func(v *view, s *scale) tally {
		t := newTally()
		v.each(s, func(r *reading, record sample, w weight) {
			if r.fn == path[0] {
				if caller, _, ok := v.above(record, path); ok {
					t.add(caller, w)
				}
			}
		})
		return t
	}
	out.now, out.calm = c.split(through)
	if c.kind == "heap" { // a caller that keeps nothing has still called
		out.ever = through(c.view, c.view.scale("alloc"))
	}
	return &out
}

// single returns the caller that is the cause.
func (c *diff) single() (*growth, bool) {
	gs := c.grown()
	if len(gs) == 0 {
		return nil, false
	}
	g := gs[0]
	others, alsoNow := c.calm.total.minusExactly(c.calm.of[g.fn]), c.now.total.minusExactly(c.now.of[g.fn])
	alsoEver := c.ever.total.minusExactly(c.ever.of[g.fn])
	seen := others.samples() + max(alsoNow.samples(), alsoEver.samples()) // a short calm profile has few of their samples
	busy := others.value >= otherPart*c.calm.total.value && seen >= otherSamples
	own := c.view.functions.all[g.fn].origin == originOwn
	return g, own && busy && g.score >= minScore && g.part >= onePart && g.delta >= onePart*c.extra()
}

// above finds the caller of the last of a path of the application's own functions,
// leaf first, and the call. The caller is none if no own code calls it, and the
// result is false for a stack with another path.
func (v *view) above(s sample, path []function) (caller function, at pprofread.Call, ok bool) {
	n := 0
	for _, call := range v.calls(s) {
		id := v.ids[call.Function]
		switch {
		case v.functions.all[id].origin != originOwn:
		case n > 0 && id == path[n-1]: // calls itself, or is inlined in pieces
		case n == len(path):
			return id, call, true
		case id == path[n]:
			n++
		case n > 0:
			return none, pprofread.Call{}, false
		}
	}
	return none, pprofread.Call{}, n == len(path)
}

// position is the line in which the last of a path calls the one before it.
func (v *view) position(s *scale, path []function) position {
	lines := spots{}
	last := len(path) - 1
	v.each(s, func(r *reading, record sample, w weight) {
		if r.fn != path[0] {
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
