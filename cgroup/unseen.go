package cgroup

import "strings"

// Unseen is a set of flags for figures that a reading lacks; zero means that it lacks none. A flag never makes a reading
// fail: its figures are zero, or the last ones that could be read.
type Unseen uint16

// The flags.
const (
	// UnseenMembership: /proc/self/cgroup could not be read this time, so that a move to another group stays unnoticed.
	UnseenMembership Unseen = 1 << iota
	// UnseenMemory: the memory usage of a level is not known, and the level is left out. Where it is that of all levels,
	// [Usage.MemoryUsed] is 0 and means "not known".
	UnseenMemory
	// UnseenMemoryLimit: a memory limit is missing, cannot be read or makes no sense.
	UnseenMemoryLimit
	// UnseenMemoryStat: memory.stat is missing or incomplete somewhere, so that page cache may be counted as used.
	UnseenMemoryStat
	// UnseenMemoryEvents: the number of OOM kills is not known at some level.
	UnseenMemoryEvents
	// UnseenCPU: no group of the CPU controller can be seen. [Usage.CPULimit] is 0.
	UnseenCPU
	// UnseenCPULimit: a CPU quota cannot be read or makes no sense.
	UnseenCPULimit
	// UnseenCPUStat: CPU time or throttling is not known at some level.
	UnseenCPUStat
	// UnseenPressure: pressure stall information is missing or switched off.
	UnseenPressure
	// UnseenLeaf: the group of the process itself does not show; the levels start at one of its ancestors.
	UnseenLeaf
	// UnseenAncestors: the mount or the namespace begins below the root of the hierarchy. Limits that other groups
	// above put on this process cannot be seen. This is what nearly every container looks like from the inside.
	UnseenAncestors
)

// unseenNames has the name of each flag, lowest bit first.
var unseenNames = [...]string{
	"membership", "memory", "memory-limit", "memory-stat", "memory-events",
	"cpu", "cpu-limit", "cpu-stat", "pressure", "leaf", "ancestors",
}

// Has reports whether any of the flags is set.
func (u Unseen) Has(flags Unseen) bool { return u&flags != 0 }

// String lists the flags, such as "memory-events,ancestors"; it is empty when everything was seen.
func (u Unseen) String() string {
	var names []string
	for i, name := range unseenNames {
		if u.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
