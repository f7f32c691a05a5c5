package event

import (
	"fmt"
	"strings"

	"github.com/go-holmes/holmes/internal/humanize"
)

// Groups is the state of the process's control groups at an event.
type Groups struct {
	// Memory and CPU are the levels of the two controllers, the process's own
	// group first. Levels above the namespace or the mount are not visible.
	Memory []MemoryGroup `json:"memory,omitempty"`
	CPU    []CPUGroup    `json:"cpu,omitempty"`
	// CPUPressure and MemoryPressure are the percentages of the last 10 seconds
	// in which some tasks of the group waited for CPU or memory;
	// MemoryFullPressure is that in which all of them waited for memory.
	CPUPressure        float64 `json:"cpu_pressure_percent,omitempty"`
	MemoryPressure     float64 `json:"memory_pressure_percent,omitempty"`
	MemoryFullPressure float64 `json:"memory_full_pressure_percent,omitempty"`
	// Unseen lists what could not be read or is not visible.
	Unseen string `json:"unseen,omitempty"`
}

// MemoryGroup is one level of the memory controller, in bytes.
type MemoryGroup struct {
	Path string `json:"path"`
	// Usage is all that the group is charged with, Used the same without page
	// cache that the kernel can drop.
	Used  uint64 `json:"used_bytes"`
	Usage uint64 `json:"usage_bytes"`
	// Limit is the lowest limit that applies at this level, and 0 for none.
	Limit uint64 `json:"limit_bytes,omitempty"`
	Anon  uint64 `json:"anon_bytes,omitempty"`
	Shmem uint64 `json:"shmem_bytes,omitempty"`
	// OOMKills counts the processes that the kernel has killed in this group.
	OOMKills uint64 `json:"oom_kills,omitempty"`
}

// CPUGroup is one level of the CPU controller.
type CPUGroup struct {
	Path string `json:"path"`
	// Quota is in cores, and 0 for none.
	Quota float64 `json:"quota_cores,omitempty"`
	// Throttled is the percentage of the quota's periods in which the group was
	// throttled since the event was suspected; ThrottledSeconds is for how long,
	// summed over the cores.
	Throttled        float64 `json:"throttled_percent,omitempty"`
	ThrottledSeconds float64 `json:"throttled_seconds,omitempty"`
}

// sentences describes what the groups did to the process: throttling, waiting and
// kills.
func (g *Groups) sentences() (out []string) {
	for _, l := range g.CPU {
		if l.Throttled > 0 {
			out = append(out, fmt.Sprintf("CPU throttled in %.0f %% of the periods, for %.1f s, by the quota of %s cores at %s",
				l.Throttled, l.ThrottledSeconds, humanize.Number(l.Quota), l.Path))
		}
	}
	if g.CPUPressure >= 1 || g.MemoryPressure >= 1 {
		out = append(out, fmt.Sprintf("waited for CPU %.0f %% and for memory %.0f %% of the last 10 s", g.CPUPressure, g.MemoryPressure))
	}
	for _, l := range g.Memory {
		if l.OOMKills > 0 {
			out = append(out, fmt.Sprintf("the kernel has killed %d times for memory at %s", l.OOMKills, l.Path))
		}
	}
	return out
}

// smallShare is the part of the group's memory below which the process's own heap
// does not explain it.
const smallShare = 0.5

// MemoryNote returns a sentence for the case that the process holds less than half
// of the memory of its control group, because a heap profile does not explain the
// rest. It returns "" otherwise.
func (r *Readings) MemoryNote() string {
	if r.MemoryScope != "cgroup" || r.MemoryUsed == 0 || float64(r.RSS) >= smallShare*float64(r.MemoryUsed) {
		return ""
	}
	return fmt.Sprintf("this process holds %.0f %% of the memory that its group uses, so its heap does not explain the rest",
		100*float64(r.RSS)/float64(r.MemoryUsed))
}

// notes returns what a reader of the summary should know of the readings, a line
// each.
func (r *Readings) notes() string {
	var all []string
	if parts := r.MemoryParts.String(); parts != "" {
		all = append(all, "memory: "+parts)
	}
	if note := r.MemoryNote(); note != "" {
		all = append(all, note)
	}
	if r.Groups != nil {
		all = append(all, r.Groups.sentences()...)
	}
	return strings.Join(all, "\n")
}
