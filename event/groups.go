package event

import (
	"fmt"
	"strings"

	"github.com/go-holmes/holmes/internal/humanize"
)

// Groups is what the control groups of the process said around an event.
// Levels are leaf first; those above the namespace or the mount cannot be seen.
type Groups struct {
	Memory []MemoryGroup `json:"memory,omitempty"`
	CPU    []CPUGroup    `json:"cpu,omitempty"`
	// CPUPressure, MemoryPressure and MemoryFullPressure are the percentages
	// of the last 10 seconds in which some, or in the last case all, tasks of
	// the group waited for CPU or memory.
	CPUPressure        float64 `json:"cpu_pressure_percent,omitempty"`
	MemoryPressure     float64 `json:"memory_pressure_percent,omitempty"`
	MemoryFullPressure float64 `json:"memory_full_pressure_percent,omitempty"`
	// Unseen lists what could not be read or seen.
	Unseen string `json:"unseen,omitempty"`
}

// MemoryGroup is one level of the memory controller. Limit is the smallest one
// that holds there, 0 for none; Used is without the page cache.
type MemoryGroup struct {
	Path  string `json:"path"`
	Used  uint64 `json:"used_bytes"`
	Usage uint64 `json:"usage_bytes"`
	Limit uint64 `json:"limit_bytes,omitempty"`
	Anon  uint64 `json:"anon_bytes,omitempty"`
	Shmem uint64 `json:"shmem_bytes,omitempty"`
	// OOMKills counts what the kernel killed in this very group so far.
	OOMKills uint64 `json:"oom_kills,omitempty"`
}

// CPUGroup is one level of the CPU controller.
type CPUGroup struct {
	Path string `json:"path"`
	// Quota is in cores, 0 for none.
	Quota float64 `json:"quota_cores,omitempty"`
	// Throttled is the percentage of the quota's periods, since the event was
	// suspected, in which the group was stopped; ThrottledSeconds for how long,
	// added up over the cores.
	Throttled        float64 `json:"throttled_percent,omitempty"`
	ThrottledSeconds float64 `json:"throttled_seconds,omitempty"`
}

// sentences are what a person should know of the groups: what stopped the
// process, what it waited for, and who was killed.
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

// smallShare is below which part of the group's memory a process's own heap
// cannot be the reason.
const smallShare = 0.5

// ShareNote says so in the event, so that nobody looks for a leak in a heap
// that has none.
func (r *Readings) ShareNote() string {
	if r.MemoryScope != "cgroup" || r.MemoryUsed == 0 || float64(r.RSS) >= smallShare*float64(r.MemoryUsed) {
		return ""
	}
	return fmt.Sprintf("this process holds %.0f %% of the memory that its group uses, so its heap does not explain the rest",
		100*float64(r.RSS)/float64(r.MemoryUsed))
}

// about joins what a person should know of the state around an event.
func (r *Readings) about() string {
	var all []string
	if note := r.ShareNote(); note != "" {
		all = append(all, note)
	}
	if r.Groups != nil {
		all = append(all, r.Groups.sentences()...)
	}
	return strings.Join(all, "\n")
}
