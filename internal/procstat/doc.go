// Package procstat reads figures of this process and of its machine from the operating system: CPU time, resident memory,
// threads, memory of the machine and the cores that may be used.
//
// On Linux each reading is one system call on something that is kept open, and allocates nothing. Elsewhere gopsutil
// does the work; this is the only package of the module that imports it. With the build tag "holmes_gopsutil" it does on Linux
// too, for tests.
//
// File map:
//
//	reader_linux.go  Reader: getrusage, /proc/self/task, /proc/meminfo
//	memory.go        Memory, and the limits of the address space
//	memory_linux.go  /proc/self/statm and /proc/self/status
//	handle_linux.go  an open file without the locks of os.File
//	reader_other.go  the same through gopsutil
//	host_linux.go    HostMemory and Cores
//	host_other.go    the same through gopsutil and the runtime
//	parse.go         the formats of /proc that are read
package procstat
