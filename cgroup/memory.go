package cgroup

import "bytes"

// memoryLevel is one level of the memory controller: its last figures, and its files.
type memoryLevel struct {
	MemoryLevel
	probes []*probe // in the order of files

	version Version
	top     bool   // the topmost level that can be seen, though not the root
	host    uint64 // the memory of the machine
	counted uint64 // the usage when memory.stat was read last
}

// files is the table of the files of a memory level. The limit comes first, because the others depend on it.
func (l *memoryLevel) files() []row {
	if l.version == V1 {
		return []row{
			{name: "memory.limit_in_bytes", flag: UnseenMemoryLimit, take: l.takeMax},
			{name: "memory.usage_in_bytes", flag: UnseenMemory, take: l.takeUsage},
			{name: "memory.stat", flag: UnseenMemoryStat, take: l.takeStat},
			{name: "memory.oom_control", flag: UnseenMemoryEvents, take: l.takeEvents},
		}
	}
	return []row{
		{name: "memory.max", flag: UnseenMemoryLimit, take: l.takeMax},
		{name: "memory.current", flag: UnseenMemory, take: l.takeUsage},
		{name: "memory.stat", flag: UnseenMemoryStat, take: l.takeStat},
		// Before Linux 5.2 memory.events was local, and memory.events.local did not exist.
		{name: "memory.events.local", older: "memory.events", flag: UnseenMemoryEvents, take: l.takeEvents},
		{name: "memory.high", flag: UnseenMemoryLimit, optional: true, take: l.takeHigh},
	}
}

// These are the positions of files in the tables, the last one in that of v2 only.
const (
	memoryMax = iota
	memoryUsage
	memoryStat
	memoryEvents
	memoryHigh
)

func (l *memoryLevel) takeUsage(text []byte) bool {
	n, ok := number(single(text))
	l.Usage = n
	return ok
}

// takeStat parses memory.stat. In v1 the lines without "total_" leave the groups below out, which usage includes.
func (l *memoryLevel) takeStat(text []byte) bool {
	l.counted = l.Usage
	l.Anon, l.Shmem, l.InactiveFile, l.ActiveFile, l.SlabReclaimable = 0, 0, 0, 0, 0
	inactive, active := false, false
	for name, n := range pairs(text) {
		if l.version == V1 {
			var total bool
			if name, total = bytes.CutPrefix(name, []byte("total_")); !total {
				l.inherit(name, n)
				continue
			}
		}
		switch string(name) {
		case "anon", "rss":
			l.Anon = n
		case "shmem":
			l.Shmem = n
		case "inactive_file":
			l.InactiveFile, inactive = n, true
		case "active_file":
			l.ActiveFile, active = n, true
		case "slab_reclaimable":
			l.SlabReclaimable = n
		}
	}
	return inactive && active
}

// inherit takes the smallest limit of the level and all its ancestors, which v1 has. At the topmost visible level it
// shows a limit that is hidden above; further down it would only repeat those of the other levels.
func (l *memoryLevel) inherit(name []byte, n uint64) {
	if !l.showsHidden() || string(name) != "hierarchical_memory_limit" {
		return
	}
	l.Inherited = 0
	if n < unlimited && (l.Max == 0 || n < l.Max) {
		l.Inherited = max(n, 1)
	}
}

func (l *memoryLevel) takeMax(text []byte) bool { return takeLimit(&l.Max, text) }

func (l *memoryLevel) takeHigh(text []byte) bool { return takeLimit(&l.High, text) }

// takeLimit sets to, which stays as it was if text is not valid: the limit is still there.
func takeLimit(to *uint64, text []byte) bool {
	n, ok := limit(text)
	if ok {
		*to = n
	}
	return ok
}

func (l *memoryLevel) takeEvents(text []byte) bool {
	for name, n := range pairs(text) {
		if string(name) == "oom_kill" {
			l.OOMKills = n
			return true
		}
	}
	return false
}

// most is how much the level can hold at most.
func (l *memoryLevel) most() uint64 { return smallest(l.Limit(), l.host) }

// overHalf reports whether Usage is more than half of that. Below it memory is not short.
func (l *memoryLevel) overHalf() bool { return l.Usage > l.most()/2 }

// needsStat reports whether memory.stat has to be read at this tick, which costs more than all other files together: if
// the level is nearly full, because the kernel drops cache then at a constant usage, and if the usage has changed, which
// may be by cache. Otherwise it is read in the rotation.
func (l *memoryLevel) needsStat() bool {
	most := l.most()
	return l.Usage > most-most/nearlyFull || distance(l.Usage, l.counted) > most/moved
}

// These are the parts of the most that a level can hold for needsStat. An eighth is far from the kill: at 500 MiB/s a
// group of 256 MiB fills it in 64 ms, in which the memory watcher reads several times. A sixty-fourth is the most by
// which cache can be taken for memory in between, well under the margins of all rules.
const (
	nearlyFull = 8
	moved      = 64
)

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// figure returns the used memory; raw says that page cache is included. If memory.stat was not read this time, the page
// cache is that of the last time: otherwise the figure would jump by all of it, which looks like a leak.
func (l *memoryLevel) figure() (used uint64, raw bool) {
	return l.Used(), l.probes[memoryStat].failed
}

// known reports whether the usage of the level could be read.
func (l *memoryLevel) known() bool { return !l.probes[memoryUsage].failed }

// hard returns the limit at which the kernel kills, 0 if there is none.
func (l *memoryLevel) hard() uint64 { return smallest(l.Max, l.Inherited) }

// limitFile returns where Limit is from.
func (l *memoryLevel) limitFile() string {
	switch limit := l.Limit(); {
	case limit == l.Max && l.version == V1:
		return "memory.limit_in_bytes"
	case limit == l.Max:
		return "memory.max"
	case limit == l.High:
		return "memory.high"
	default:
		return "hierarchical_memory_limit"
	}
}

// rotation returns the files that are read in rotation, given whether the level binds: then its usage is read at every
// tick, and its memory.stat if needed. The memory.stat of other levels is read only if they are more than half full,
// when their page cache may make them seem to bind, or if the kernel would kill there first.
func (l *memoryLevel) rotation(binds, kills func() bool) []rotated {
	files := []rotated{
		{probe: l.probes[memoryMax]},
		{probe: l.probes[memoryUsage], due: func() bool { return !binds() }},
		{probe: l.probes[memoryStat], due: func() bool { return l.showsHidden() || binds() || kills() || l.overHalf() }},
	}
	if l.version == V2 {
		files = append(files, rotated{probe: l.probes[memoryHigh]})
	}
	return files
}

// showsHidden reports whether memory.stat shows a limit that cannot be seen otherwise.
func (l *memoryLevel) showsHidden() bool { return l.top && l.version == V1 }
