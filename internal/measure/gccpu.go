package measure

import (
	"runtime"
	"time"
)

// A gcShare is the part of the busy CPU time that goes into collecting.
//
// The runtime brings its account of CPU time up to date when a collection
// ends, and only then. So a share is of the time between two ends, and the
// next one may be long in coming. Until the collector has been quiet for as
// long as that time was, the share stands; from then on it fades, as if what
// is under way had cost nothing yet. A process that collects every 30 s has a
// share that holds, and one that has stopped allocating is soon at 0.
type gcShare struct {
	read func() (CPUSeconds, error)
	pulse
	seen     CPUSeconds    // the account as of the last end that was noticed
	seenAt   time.Duration // when it was
	lasted   time.Duration // from the end before to that one
	share    float64       // of that time, in percent
	busy     float64       // the CPUs that it is a share of
	complete bool          // share has been measured
}

// CPUSeconds is the runtime's account of CPU time: what there was, what nobody
// used, and what was spent on collections.
type CPUSeconds struct{ Total, Idle, GC float64 }

// leastBusy is how much of the cores counts as busy at least. A collection by
// an idle process is nearly all that it does: a forced one, which Go starts
// after two minutes without any, was 79 % of the busy time of a process that did
// nothing. The same tenth is the Min of the cpu rule.
const leastBusy = 0.1

// GCCPU reads the share, in percent of the busy CPU, and how many CPUs those
// were.
func (m *Meter) GCCPU(c *Config) (value, limit float64, err error) {
	g := &m.pressure.gc
	now, err := g.read()
	switch {
	case err != nil:
		return 0, 0, err
	case g.beat(m) == 0:
		g.seen, g.seenAt, g.complete = now, m.at, false
		return 0, 0, ErrOneReading
	case now.Total > g.seen.Total: // a collection has ended
		g.measure(now, m.at, m.cores(c))
	}
	if !g.complete {
		return 0, 0, nil // none has ended since the signal is watched
	}
	quiet := max(m.at-g.seenAt, g.lasted)
	return g.share * g.lasted.Seconds() / quiet.Seconds(), g.busy, nil
}

func (g *gcShare) measure(now CPUSeconds, at time.Duration, cores float64) {
	total := now.Total - g.seen.Total
	seconds := total / float64(runtime.GOMAXPROCS(0))
	busy := max(total-(now.Idle-g.seen.Idle), leastBusy*cores*seconds)
	g.share = min(100, max(0, 100*(now.GC-g.seen.GC)/busy))
	g.busy = busy / seconds
	g.lasted, g.complete = at-g.seenAt, true
	g.seen, g.seenAt = now, at
}
