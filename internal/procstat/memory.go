package procstat

// Memory is the memory of this process, in bytes.
type Memory struct {
	// Resident is all of it that is in RAM.
	Resident uint64
	// Used is the part of it that the kernel cannot drop: anonymous and shared memory. Pages of files that are mapped,
	// the program's own text among them, are not, like the page cache of a control group. Where the system does not
	// tell them apart, Used is Resident.
	Used uint64
	// Room is how much more the process may map, by the smallest of its own limits of address space, whose name is
	// Rlimit: "RLIMIT_AS" or "RLIMIT_DATA". Both are zero if there is none.
	Room   uint64
	Rlimit string
}
