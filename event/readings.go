package event

import (
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
)

// Readings is the state of the process at an event. A zero field was not measured.
type Readings struct {
	// UptimeSeconds is the time since Start.
	UptimeSeconds float64 `json:"uptime_seconds,omitempty"`
	// Cores is how many cores the process can use, and CoresFrom what sets that:
	// "cgroup quota", "affinity mask", "GOMAXPROCS" or "WithCPUCore".
	Cores     float64 `json:"cores,omitempty"`
	CoresFrom string  `json:"cores_from,omitempty"`
	// CPUPercent is CPU time in percent of Cores.
	CPUPercent float64 `json:"cpu_percent,omitempty"`
	// RSS is the process's resident memory, in bytes.
	RSS uint64 `json:"rss_bytes,omitempty"`
	// MemoryUsed and MemoryLimit are the pair that the mem signal compares,
	// in bytes.
	MemoryUsed  uint64 `json:"memory_used_bytes,omitempty"`
	MemoryLimit uint64 `json:"memory_limit_bytes,omitempty"`
	// MemoryLimitFrom says where MemoryLimit is from, such as "memory.max of the
	// cgroup /app", "the machine" or "RLIMIT_AS".
	MemoryLimitFrom string `json:"memory_limit_from,omitempty"`
	// MemoryScope says whose memory MemoryUsed is: "cgroup" or "process".
	MemoryScope string `json:"memory_scope,omitempty"`
	// MemoryParts is what that memory consists of. It is known on Linux.
	MemoryParts diagnose.MemoryParts `json:"memory_parts,omitzero"`
	// MemoryRoom is what could still be allocated before the kernel would kill, in
	// bytes, and MemoryRate the growth of memory in bytes a second. Only events of
	// the memory watcher have them.
	MemoryRoom uint64  `json:"memory_room_bytes,omitempty"`
	MemoryRate float64 `json:"memory_bytes_per_second,omitempty"`
	// HeapLive is the heap that the last collection found reachable, HeapObjects
	// the heap now, garbage included, and HeapGoal the heap at which the next
	// collection starts, in bytes.
	HeapLive    uint64 `json:"heap_live_bytes,omitempty"`
	HeapObjects uint64 `json:"heap_objects_bytes,omitempty"`
	HeapGoal    uint64 `json:"heap_goal_bytes,omitempty"`
	// GCCycles counts the collections finished since the process started.
	GCCycles   uint64 `json:"gc_cycles,omitempty"`
	Goroutines int    `json:"goroutines,omitempty"`
	// GoroutineStates counts goroutines by state. GoroutineSites are the functions
	// that most of them were started with; an event has them only if a whole
	// goroutine profile would have cost too much.
	GoroutineStates *GoroutineStates `json:"goroutine_states,omitempty"`
	GoroutineSites  []GoroutineSite  `json:"goroutine_sites,omitempty"`
	Threads         int              `json:"threads,omitempty"`
	// Means is the mean of each signal in its unit, for the next start. Only the
	// baseline has it.
	Means map[detect.Signal]float64 `json:"means,omitempty"`
	// PreviousRun is set for an event of [SignalProcess].
	PreviousRun *PreviousRun `json:"previous_run,omitempty"`
	// Groups is the state of the control groups, and nil if there are none.
	Groups *Groups `json:"cgroup,omitempty"`
}

// Cost is what it cost the host to take the evidence of an event and to judge it.
type Cost struct {
	// Seconds is the time that the captures took, one after the other, without the
	// duration of a CPU profile; CPUSeconds is the CPU time that they used, which is
	// known on Linux.
	Seconds    float64 `json:"seconds,omitempty"`
	CPUSeconds float64 `json:"cpu_seconds,omitempty"`
	// PredictedBytes is what the captures were expected to allocate, AllocBytes what
	// the process allocated meanwhile, and StoppedSeconds for how long the world was
	// stopped, collections excluded. The latter two are upper bounds, because they
	// are of the whole process.
	PredictedBytes uint64  `json:"predicted_bytes,omitempty"`
	AllocBytes     uint64  `json:"alloc_bytes,omitempty"`
	StoppedSeconds float64 `json:"stopped_seconds,omitempty"`
	// Bytes is the size of the profiles.
	Bytes int64 `json:"bytes,omitempty"`
	// ForcedGC counts the collections that holmes forced.
	ForcedGC int `json:"forced_gc,omitempty"`
}

// GoroutineStates counts goroutines by state; see the metrics /sched/goroutines of
// package runtime/metrics.
type GoroutineStates struct {
	Running  uint64 `json:"running"`
	Runnable uint64 `json:"runnable"`
	Waiting  uint64 `json:"waiting"`
	// NotInGo counts goroutines in a system call or in C.
	NotInGo uint64 `json:"not_in_go"`
	// Created counts all goroutines since the process started.
	Created uint64 `json:"created"`
}

// A GoroutineSite is a function that goroutines were started with.
type GoroutineSite struct {
	Function string `json:"function"`
	Count    int    `json:"count"`
}
