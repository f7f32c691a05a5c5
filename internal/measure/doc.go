// Package measure reads the CPU, memory, goroutines and threads of the process, and
// what the runtime counts of collections, scheduling and locks. A tick costs a
// handful of system calls and no allocation.
package measure
