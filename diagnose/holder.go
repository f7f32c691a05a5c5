package diagnose

import (
	"cmp"
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
	known   bool    // it was at work in calm times, whatever at
	fresh   float64 // how many more there are of what its goroutines come from
	ways    map[uint64]float64
	score   float64
}

func (c *candidate) excess() float64 { return c.now - c.calm }

// single is the part of its goroutines that have come to it the same way. What
// everybody calls is held by everybody.
func (c *candidate) single() float64 {
	all, most := 0.0, 0.0
	for _, n := range c.ways {
		all += n
		most = max(most, n)
	}
	return most / max(all, 1)
}

// moved reports whether its goroutines were there in calm times already, and
// did something else.
func (c *candidate) moved() bool { return c.fresh < 0.5 }

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
	near, waiting, known := q.kinsfolk(w), q.waiting(w), q.known()
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
		c.known = known[c.who] > 0
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
	if c.known {
		score -= 1.5
	}
	if w.lock {
		// Of the frames of a stack that are as near, the outer one took the lock
		// and the inner ones are what it does with it; of those that are not
		// near at all the inner one says more.
		return score + c.kin - 0.1*c.depth*sign(c.kin < 2)
	}
	return score + min(c.excess(), c.fresh, 20)/10 + 2*c.single() + c.kin/2 - 0.1*c.depth
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
	if !first.suspicious(w, profiles) {
		return false
	}
	mates := q.mates(first.who, w)
	for i := range found[1:] {
		rival := &found[i+1]
		if mates[rival.who] > 0 || rival.calm > rival.now/4 || rival.seen < profiles || rival.moved() && !first.moved() || rival.known && !first.known {
			continue
		}
		if w.lock && rival.kin >= first.kin || !w.lock && rival.excess() >= first.excess()/2 {
			return false
		}
	}
	return true
}

// suspicious tells that a candidate could be the only one. Much that was at work
// in calm times is at work during any rise of traffic, and has no lock for that.
func (c *candidate) suspicious(w *queue, profiles int) bool {
	switch {
	case c.seen < profiles || c.calm > c.now/4:
		return false
	case !w.lock:
		return c.excess() >= 3 && !c.known && !c.inLine && !c.moved() && c.single() >= onePart
	case c.kin < 2:
		return profiles > 1 && !c.known && !c.inLine && !c.moved()
	default:
		return !c.known || c.state != stateRunning && !c.inLine
	}
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
