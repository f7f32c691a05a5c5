package cgroup

import "time"

// Sample has all figures of one time. [Reader.Sample] fills it and reuses its slices, so that one Sample
// read again and again costs no allocation. Copy the slices to keep them.
type Sample struct {
	// Generation is as in [Usage].
	Generation uint64
	// Memory is the state of the memory controller.
	Memory Memory
	// CPU is the state of the CPU controller.
	CPU CPU
	// Unseen says which figures could not be read.
	Unseen Unseen
}

// Memory is the state of the memory controller.
type Memory struct {
	// Version of the hierarchy that holds the controller; [VersionNone] if it was not found.
	Version Version
	// Err says why no level can be seen. It wraps [ErrNoController], [ErrHidden] or the failure to open a file, and is
	// nil when the group was found, even where no level has the controller, as in the root group of v2.
	Err error
	// Levels are the visible groups that have the controller, leaf first.
	Levels []MemoryLevel
	// Binding is the index of the level with the highest Used/Limit, -1 if none has a limit.
	Binding int
	// Limit is the smallest limit of all levels in bytes, 0 if there is none. It is not always that of the binding level.
	Limit uint64
	// Pressure is the time that the process's own group lost waiting for memory; in the root group it is that of the
	// whole machine. Only v2 has it, even where the controller itself belongs to v1.
	Pressure Pressure
}

// MemoryLevel is one group of the memory controller. Figures are in bytes and include the groups below it.
type MemoryLevel struct {
	// Path is the cgroup path as in /proc/self/cgroup, relative to the cgroup namespace.
	Path string
	// Usage is all that is charged to the group, page cache included.
	Usage uint64
	// InactiveFile and ActiveFile are page cache, which can be dropped or written back.
	InactiveFile, ActiveFile uint64
	// SlabReclaimable is kernel memory that can be taken back, such as cached directory entries. v1 does not have it.
	SlabReclaimable uint64
	// Anon is memory without a file behind it: heap and stacks.
	Anon uint64
	// Shmem is shared memory and the files in tmpfs, which cannot be dropped.
	Shmem uint64
	// Max is the limit at which the kernel kills: memory.max or memory.limit_in_bytes; 0 if there is none.
	Max uint64
	// High is the limit at which the kernel slows the group down: memory.high; 0 if there is none. v1 does not have it.
	High uint64
	// Inherited is a limit that groups above put on the topmost visible level of v1, 0 otherwise. It reveals limits that
	// the mount hides, such as that of a pod.
	Inherited uint64
	// OOMKills counts the processes of this very group that the kernel killed for memory, without those below.
	OOMKills uint64
}

// Used returns the bytes that cannot be taken back by dropping cache: Usage - InactiveFile - ActiveFile -
// SlabReclaimable, and 0 where the parts, read at different instants, add up to more than the whole.
func (l *MemoryLevel) Used() uint64 {
	cache := l.InactiveFile + l.ActiveFile + l.SlabReclaimable
	if cache >= l.Usage {
		return 0
	}
	return l.Usage - cache
}

// Limit returns the smallest of Max, High and Inherited in bytes, 0 if there is none.
func (l *MemoryLevel) Limit() uint64 {
	return smallest(smallest(l.Max, l.High), l.Inherited)
}

// CPU is the state of the CPU controller.
type CPU struct {
	// Version of the hierarchy that holds the controller; [VersionNone] if it was not found.
	Version Version
	// Err is as [Memory.Err].
	Err error
	// Levels are the visible groups that have the controller, leaf first.
	Levels []CPULevel
	// Binding is the index of the level with the smallest quota, -1 if none has one.
	Binding int
	// Limit is that smallest quota in cores, 0 if there is none.
	Limit float64
	// Pressure is the time that the process's own group lost waiting for CPU: the only sign of a quota that is
	// hidden above a namespace. It comes from v2, as [Memory.Pressure] does.
	Pressure Pressure
}

// CPULevel is one group of the CPU controller. Counters include the groups below it, but throttling is counted only at
// the level that owns the quota.
type CPULevel struct {
	// Path is the cgroup path as in /proc/self/cgroup, relative to the cgroup namespace.
	Path string
	// Quota is the CPU time per time in cores, 0 if there is none.
	Quota float64
	// Used is the CPU time that the group has used since it exists.
	Used time.Duration
	// Periods counts the periods of the quota in which the group ran, Throttled those in which it was stopped for
	// having used it up.
	Periods, Throttled uint64
	// ThrottledTime is how long its run queues were stopped, added up over the CPUs.
	ThrottledTime time.Duration
}

// Pressure is pressure stall information: the time in which work waited for a resource.
type Pressure struct {
	// Some is the time in which at least one task waited.
	Some Stall
	// Full is the time in which all tasks waited at once. Kernels before 5.13 do not have it for CPU.
	Full Stall
}

// Stall is one line of pressure stall information.
type Stall struct {
	// Avg10, Avg60 and Avg300 are the percentages of the last 10, 60 and 300 seconds.
	Avg10, Avg60, Avg300 float64
	// Total is all the time since the group exists.
	Total time.Duration
}
