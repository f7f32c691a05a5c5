// Package cgroup reads the CPU and memory limits that control groups put on this process, and how much of them is used.
//
// A percentage needs the right denominator, which is not easy to find:
//
//   - There are two versions of control groups, and a system can use both: which one holds a controller is decided
//     for each controller. Where the files of a group are depends on mounts and on namespaces.
//   - Limits hold at every level. A group without a limit of its own is under the limit of its parent, and the kernel
//     kills at the level that is full first. Usage is always paired with the limit of its own level.
//   - Usage counts the page cache, which the kernel drops when it needs memory. Only the rest, files in tmpfs
//     included, fills a limit.
//   - Limits change while the process runs, and the process may be moved to another group.
//
// A [Reader] does all of this. [Reader.Usage] is for every tick: at most three system calls, no allocation, one
// to three microseconds, and some five more for memory.stat when the limit is near or usage moves. [Reader.Sample] reads
// all figures that help to explain an event: all levels, throttling, OOM kills and pressure.
//
//	r, err := cgroup.Open()
//	if err != nil {
//		// no control groups: use the memory and the cores of the machine
//	}
//	defer r.Close()
//	var u cgroup.Usage
//	if err := r.Usage(&u); err == nil {
//		percent := cgroup.Percent(u.MemoryUsed, u.MemoryLimit)
//	}
//
// # Limits of what can be seen
//
// A container sees its own group and seldom those above. v1 shows the smallest memory limit of all ancestors, and this
// package uses it; the quota of a hidden CPU group, and any limit hidden in v2, shows only by its effects: pressure, or
// throughput that is lower than the CPU time left. [UnseenAncestors] says where such limits are possible.
//
// The package does not guess: flags ([Unseen]) and errors say which figures cannot be read, and the other figures are
// not affected. Text without its line end was cut off and is ignored.
//
// Reading /proc/self/cgroup takes a lock in the kernel that is also held while groups are made and removed. On a
// machine that does so all the time, a reading can take longer.
//
// # For developers
//
// The life of a reader: [Open] looks the groups up, opens their files and reads each of them once. Every Sample and every
// fourth Usage compares /proc/self/cgroup with its former content, because open files follow neither a move nor the
// removal of a group; on a change, or when a file gives ENODEV, everything is closed and looked up again, and the
// generation grows. A look-up that failed for a temporary reason is repeated after 1, 2, 4, ... 256 such comparisons.
//
//	reader.go      Reader: Open, Usage, Sample, Close
//	resolve.go     when to look up again
//	finder.go      which directories are visible
//	find.go        which files are opened there
//	membership.go  /proc/self/cgroup
//	mounts.go      /proc/self/mountinfo
//	mounttree.go   which mounts paths lead to
//	locate.go      the locations of a group, from both
//	probe.go       one file: opening, reading, failing
//	memory.go      the files of the memory controller, one table for each version
//	cpu.go         those of the CPU controller
//	pressure.go    pressure stall information
//	text.go        the forms of text that the kernel uses
//	groups.go      the result of a look-up: rotation, flags, the binding level
//	retry.go       the spacing of repeated look-ups
//	fill.go        Usage and Sample
//	usage.go, sample.go, unseen.go, version.go, ratio.go, option.go, errors.go   the exported types
//	file_linux.go, file_other.go   the seam to the operating system
//
// The tests read fixture trees everywhere; as root they make groups of the machine that they run on; and internal/vm runs
// those tests on kernels that have all controllers in v2, all in v1, or one in each.
package cgroup
