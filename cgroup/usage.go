package cgroup

// Usage has the figures for a tick: how much is used of which limit. [Reader.Usage] fills it.
type Usage struct {
	// MemoryUsed is the memory, in bytes, that the binding level holds and that the kernel cannot take back by dropping
	// cache: usage - inactive_file - active_file - slab_reclaimable. The usage is read at every call, the cache as [Reader.Usage]
	// says.
	MemoryUsed uint64
	// MemoryLimit is the limit of the binding level in bytes, the smaller one of its hard limit and memory.high.
	// Zero means that no visible level with a known usage has a limit.
	MemoryLimit uint64
	// MemoryFile is the name of the file with that limit, and MemoryPath the cgroup path of the binding level; both are
	// empty if there is no limit. At "memory.high" the kernel slows the group down and does not kill.
	// "hierarchical_memory_limit", a line of v1's memory.stat, is the limit of an ancestor that cannot be seen.
	MemoryFile, MemoryPath string
	// MemoryRoom is how many more bytes can be charged before the kernel kills: the least of what the hard limits of all
	// visible levels leave. memory.high is none. [math.MaxUint64] means that no visible level has a hard limit.
	MemoryRoom uint64
	// MemoryLevel is the binding level, as an index into [Memory.Levels]: 0 is the leaf-most one. The binding level is
	// the one with the highest MemoryUsed/MemoryLimit: the kernel kills at the level that runs full first, not at the
	// one with the smallest limit. Without any limit it is the leaf-most level whose usage is known, and the usage is
	// read in rotation.
	MemoryLevel int
	// MemoryRaw says that MemoryUsed still includes page cache, because memory.stat could not be read. Figures with it and
	// without it are not comparable.
	MemoryRaw bool
	// CPULimit is the smallest quota of all visible levels, in cores; fractions stay fractions. Zero means none.
	CPULimit float64
	// Generation starts at 1 and grows whenever the groups were looked up again, because the process was moved, its
	// group was removed, controllers were switched on, or an earlier look-up had failed in part. Counters of different
	// generations must not be subtracted.
	Generation uint64
	// Unseen says which figures could not be read.
	Unseen Unseen
}
