package measure

import (
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/event"
)

// ReadGroups reads all levels of the control groups into s, and reports whether there
// are any.
func (m *Meter) ReadGroups(c *Config, s *cgroup.Sample) bool {
	return m.group != nil && c.CGroup && m.group.Sample(s) == nil
}

// GroupsSince returns the state at now, and the throttling since before. The
// counters of another generation are those of another group.
func GroupsSince(before, now *cgroup.Sample) *event.Groups {
	g := &event.Groups{
		CPUPressure:        now.CPU.Pressure.Some.Avg10,
		MemoryPressure:     now.Memory.Pressure.Some.Avg10,
		MemoryFullPressure: now.Memory.Pressure.Full.Avg10,
		Unseen:             now.Unseen.String(),
	}
	for i := range now.Memory.Levels {
		l := &now.Memory.Levels[i]
		g.Memory = append(g.Memory, event.MemoryGroup{
			Path: l.Path, Used: l.Used(), Usage: l.Usage, Limit: l.Limit(), Anon: l.Anon, Shmem: l.Shmem, OOMKills: l.OOMKills,
		})
	}
	same := before.Generation == now.Generation && len(before.CPU.Levels) == len(now.CPU.Levels)
	for i := range now.CPU.Levels {
		l := &now.CPU.Levels[i]
		out := event.CPUGroup{Path: l.Path, Quota: l.Quota}
		if same {
			was := &before.CPU.Levels[i]
			out.Throttled = cgroup.Percent(rise(was.Throttled, l.Throttled), rise(was.Periods, l.Periods))
			out.ThrottledSeconds = max(l.ThrottledTime-was.ThrottledTime, time.Duration(0)).Seconds()
		}
		g.CPU = append(g.CPU, out)
	}
	return g
}

// rise returns the growth of a counter, and 0 if it was reset.
func rise(from, to uint64) uint64 {
	if to < from {
		return 0
	}
	return to - from
}
