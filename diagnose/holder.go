package diagnose

import (
	"cmp"
	"slices"
	"strings"
)

// A candidate is a function that ran while others waited.
type candidate struct {
	fn      function
	at      position
	state   state
	now     float64 // goroutines in it, on average
	calm    float64 // in calm times, at most
	seen    int     // number of profiles that show it
	depth   float64 // own frames below it, on average
	related float64 // nearness to the functions that the others wait in
	blocked float64 // its part of the mutex profile
	waited  bool    // goroutines of the queue have it on their stacks
	known   bool    // any profile of calm times shows it
	fresh   float64 // how many of its goroutines have come with the event
	ways    map[uint64]float64
	score   float64
}

func (c *candidate) excess() float64 { return c.now - c.calm }

// single is the part of its goroutines on the most frequent call path. A function
// with many callers is held by many.
func (c *candidate) single() float64 {
	all, most := 0.0, 0.0
	for _, n := range c.ways {
		all += n
		most = max(most, n)
	}
	return most / max(all, 1)
}

// moved reports whether its goroutines existed in calm times and did other work.
func (c *candidate) moved() bool { return c.fresh < 0.5 }

// lastProfiles is how many of a series of profiles are looked at.
const lastProfiles = 4

// rankHolders ranks the functions that may hold what a queue waits for: those with
// goroutines outside the queue, and more of them than in calm times. It reports
// whether the first is certain.
func (a *analysis) rankHolders(w *queue) (found []*candidate, sure bool) {
	series := a.Goroutines
	if len(series) == 0 {
		series = []*Profile{a.Event.Goroutine}
	}
	series = series[max(0, len(series)-lastProfiles):]
	all := map[function]*candidate{}
	for _, p := range series {
		a.view(p).scan(w, func(id function, c candidate) {
			had := all[id]
			if had == nil {
				had = &candidate{fn: id, at: c.at, state: c.state}
				all[id] = had
			}
			had.now += c.now / float64(len(series))
			had.depth += c.now * c.depth / float64(len(series))
			had.seen++
		})
	}
	for _, p := range []*Profile{a.calm.Goroutine, a.calm.EarlierGoroutine} {
		a.view(p).scan(w, func(id function, c candidate) {
			if had := all[id]; had != nil {
				had.calm = max(had.calm, c.now)
			}
		})
	}
	a.addMutexProfile(all)
	near, waiting, known := a.relatedNames(w), a.waiting(w), a.known()
	a.countArrivals(all, w)
	for _, c := range all {
		c.depth /= c.now
		if c.now == 0 {
			c.depth = 0
		}
		if (c.excess() < 0.5 || !w.lock && c.moved()) && c.blocked < minPart {
			continue
		}
		c.related, c.waited = near.nearness(a.functions, c), waiting[c.fn] > 0
		c.known = known[c.fn] > 0
		c.score = c.weigh(w, len(series))
		found = append(found, c)
	}
	slices.SortFunc(found, func(x, y *candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), strings.Compare(a.functions.all[x.fn].symbol, a.functions.all[y.fn].symbol))
	})
	return found, a.certain(found, w, len(series))
}

// weigh scores a candidate.
func (c *candidate) weigh(w *queue, profiles int) float64 {
	score := 8*c.blocked + 2*(1-min(c.calm/max(c.now, 1), 1)) + float64(c.seen)/float64(profiles)
	if c.waited { // it got there as the waiting ones did
		score -= 2
	}
	if c.moved() {
		score--
	}
	if c.known {
		score -= 1.5
	}
	if w.lock {
		// Of equally near frames of a stack, the outer one took the lock and the
		// inner ones are what it does meanwhile; of frames that are not near the
		// inner one says more.
		return score + c.related - 0.1*c.depth*sign(c.related < 2)
	}
	return score + min(c.excess(), c.fresh, 20)/10 + 2*c.single() + c.related/2 - 0.1*c.depth
}

func sign(positive bool) float64 {
	if positive {
		return 1
	}
	return -1
}

// certain reports whether all evidence is against the first candidate, and less is
// against any other one that is not on its stacks.
func (a *analysis) certain(found []*candidate, w *queue, profiles int) bool {
	if len(found) == 0 {
		return false
	}
	first := found[0]
	if first.blocked >= minPart {
		return true
	}
	if !first.suspicious(w, profiles) {
		return false
	}
	coLocated := a.coLocated(first.fn, w)
	for _, rival := range found[1:] {
		if coLocated[rival.fn] > 0 || rival.calm > rival.now/4 || rival.seen < profiles || rival.moved() && !first.moved() || rival.known && !first.known {
			continue
		}
		if w.lock && rival.related >= first.related || !w.lock && rival.excess() >= first.excess()/2 {
			return false
		}
	}
	return true
}

// suspicious reports whether a candidate can be the only holder. Functions that ran
// in calm times run under any load growth, without holding a lock.
func (c *candidate) suspicious(w *queue, profiles int) bool {
	switch {
	case c.seen < profiles || c.calm > c.now/4:
		return false
	case !w.lock:
		return c.excess() >= 3 && !c.known && !c.waited && !c.moved() && c.single() >= onePart
	case c.related < 2:
		return profiles > 1 && !c.known && !c.waited && !c.moved()
	default:
		return !c.known || c.state != stateRunning && !c.waited
	}
}

// addMutexProfile adds what a mutex profile of the event shows.
func (a *analysis) addMutexProfile(all map[function]*candidate) {
	c := a.diff("mutex", blamed)
	for id, now := range c.now.of {
		part := now.value / c.now.total.value
		if id <= none || part < 0.05 || a.functions.all[id].origin != originOwn {
			continue
		}
		if all[id] == nil {
			d := map[function]detail{id: {}}
			c.view.detail(c.with, d)
			all[id] = &candidate{fn: id, at: d[id].position}
		}
		all[id].blocked = part
	}
}
