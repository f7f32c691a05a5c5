// Package measure takes the readings of the process that it lives in: CPU,
// memory, goroutines, threads, and what the runtime says of collecting,
// scheduling and locks. A tick costs a handful of system calls and no allocation.
package measure
