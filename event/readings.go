package event

// Readings is what was measured around an event, beside the signal that set
// it off. A zero field was not measured.
type Readings struct {
	// Cores is how many cores the process may use: the quota or the affinity
	// mask, whichever is less, or what [WithCPUCore] says.
	Cores float64 `json:"cores,omitempty"`
	// CPUPercent is of Cores.
	CPUPercent float64 `json:"cpu_percent,omitempty"`
	// RSS is the process's resident memory, in bytes.
	RSS uint64 `json:"rss_bytes,omitempty"`
	// MemoryUsed and MemoryLimit are the pair that the mem signal compares,
	// in bytes.
	MemoryUsed  uint64 `json:"memory_used_bytes,omitempty"`
	MemoryLimit uint64 `json:"memory_limit_bytes,omitempty"`
	// MemoryScope says what MemoryUsed is of: "cgroup" or "process".
	MemoryScope string `json:"memory_scope,omitempty"`
	// MemoryRoom is what could still be taken before the kernel would kill, in
	// bytes, and MemoryRate how fast memory grew, in bytes a second; only
	// events of the memory watcher have them.
	MemoryRoom uint64  `json:"memory_room_bytes,omitempty"`
	MemoryRate float64 `json:"memory_bytes_per_second,omitempty"`
	// HeapLive is what the last collection found reachable, HeapObjects what
	// the heap holds now with the garbage, HeapGoal where the next collection
	// starts, in bytes.
	HeapLive    uint64 `json:"heap_live_bytes,omitempty"`
	HeapObjects uint64 `json:"heap_objects_bytes,omitempty"`
	HeapGoal    uint64 `json:"heap_goal_bytes,omitempty"`
	// GCCycles counts the collections finished since the process started.
	GCCycles   uint64 `json:"gc_cycles,omitempty"`
	Goroutines int    `json:"goroutines,omitempty"`
	// GoroutineStates counts them by what they are doing. GoroutineSites are
	// the functions that most of them were started with; an event has them
	// only where a whole goroutine profile would have cost too much.
	GoroutineStates *GoroutineStates `json:"goroutine_states,omitempty"`
	GoroutineSites  []GoroutineSite  `json:"goroutine_sites,omitempty"`
	Threads         int              `json:"threads,omitempty"`
	// PreviousRun is what the event is about, if it is about a run that ended
	// without Stop.
	PreviousRun *PreviousRun `json:"previous_run,omitempty"`
	// Groups is what the control groups said, and nil where there are none.
	Groups *Groups `json:"cgroup,omitempty"`
}

// Cost is what an event's evidence cost the host.
type Cost struct {
	// Seconds is the wall time that the captures took one after the other,
	// the length of a CPU profile not counted; CPUSeconds is the CPU time that
	// they used, known on Linux.
	Seconds    float64 `json:"seconds,omitempty"`
	CPUSeconds float64 `json:"cpu_seconds,omitempty"`
	// PredictedBytes is what the captures were expected to allocate, AllocBytes
	// what was allocated meanwhile, and StoppedSeconds for how
	// long the world was stopped, but for collections. The latter two are of
	// the whole process, and so an upper bound.
	PredictedBytes uint64  `json:"predicted_bytes,omitempty"`
	AllocBytes     uint64  `json:"alloc_bytes,omitempty"`
	StoppedSeconds float64 `json:"stopped_seconds,omitempty"`
	// Bytes is what was written.
	Bytes int64 `json:"bytes,omitempty"`
	// ForcedGC counts collections that holmes asked for.
	ForcedGC int `json:"forced_gc,omitempty"`
}

// GoroutineStates counts goroutines by what they are doing; see the metrics
// /sched/goroutines of package runtime/metrics.
type GoroutineStates struct {
	Running  uint64 `json:"running"`
	Runnable uint64 `json:"runnable"`
	Waiting  uint64 `json:"waiting"`
	// NotInGo are those in a system call or in C.
	NotInGo uint64 `json:"not_in_go"`
	// Created counts all goroutines since the process started.
	Created uint64 `json:"created"`
}

// A GoroutineSite is a function that goroutines were started with.
type GoroutineSite struct {
	Function string `json:"function"`
	Count    int    `json:"count"`
}
