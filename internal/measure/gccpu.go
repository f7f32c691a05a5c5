package measure

import (
	"runtime"
	"time"
)

// A gcShare is the part of the busy CPU time that collections take.
//
// The runtime updates its account of CPU time only when a collection ends. So a
// share is of the time between two ends, and the next end may be far off. The share
// is constant for as long again as that time was; then it decays, as if the time
// since had cost nothing. A process that collects every 30 s has a constant share,
// and a process that has stopped allocating is soon at 0.
type gcShare struct {
	read func() (CPUSeconds, error)
	lastReading
	seen     CPUSeconds    // the account at the last end
	seenAt   time.Duration // when that was noticed
	lasted   time.Duration // from the previous end to that one
	share    float64       // of that time, in percent
	busy     float64       // the CPUs that it is a share of
	complete bool          // share has been measured
}

// CPUSeconds is the runtime's account of CPU time: all that was available, the part
// that was idle, and the part that collections used.
type CPUSeconds struct{ Total, Idle, GC float64 }

// leastBusy is the part of the cores that counts as busy at least. In an idle process
// a collection is nearly all of the work: the one that Go forces after two minutes
// without any was 79 % of the busy time. The same tenth is the Min of the cpu rule.
const leastBusy = 0.1

// GCCPU returns the share in percent of the busy CPUs, and the number of those.
func (m *Meter) GCCPU(c *Config) (value, limit float64, err error) {
	g := &m.pressure.gc
	now, err := g.read()
	switch {
	case err != nil:
		return 0, 0, err
	case g.next(m) == 0:
		g.seen, g.seenAt, g.complete = now, m.at, false
		return 0, 0, ErrOneReading
	case now.Total > g.seen.Total: // a collection has ended
		cores, _ := m.cores(c)
		g.measure(now, m.at, cores)
	}
	if !g.complete {
		return 0, 0, nil // no collection has ended since the signal is on
	}
	over := max(m.at-g.seenAt, g.lasted)
	return g.share * g.lasted.Seconds() / over.Seconds(), g.busy, nil
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
