// Package blackbox keeps the last minutes of a process where a SIGKILL does not
// reach them, and reads what a process that was killed has left.
//
// A [Box] is a file with a ring of samples and a ring of states and events, so
// that a storm of the one never pushes out the other. Writing a record is a copy
// of some words, without a system call and without an allocation. The next
// process takes the boxes of dead ones over with [Adopt], exactly one process
// each, and makes a [Summary] of their last minute.
//
// # Where the bytes go
//
// On Linux, in a directory that lives in memory (tmpfs), the file is mapped: a
// record is safe when the call returns. On a disk it is not mapped. A write to
// a mapped page can wait for the disk, and the runtime takes a goroutine that
// waits in a page fault for one that runs: the next garbage collection waits
// with it, and all the process with that. A file system frozen for a backup, a
// journal that is full, a server that does not answer would stop the host. So
// there a goroutine of the box writes each record to the file a moment later,
// in a system call, which stops nobody. See [Medium], and
// TestFrozenDiskDoesNotStopTheHost.
//
// Neither form is synced to the disk. What they survive is the death of the
// process, not that of the machine.
//
// # What can go wrong
//
//   - A full disk: the file's blocks are written when it is made, so that is
//     when it fails.
//   - A mapped file that somebody cuts: the write faults. The fault is caught
//     (which costs 5 ns of 45, see BenchmarkSample), the box is dead from then on,
//     and [Box.Err] says so.
//   - A process killed within a record: the record has no sequence number yet,
//     and a checksum beside. It is counted as torn; all others are whole.
//   - A file that is damaged in any other way: [Read] gives what is left of it,
//     or an error.
//   - No file at all, on a system without flock or when the directory refuses:
//     the box lives in memory, where [Box.Contents] reads it.
//
// # File map
//
//	layout.go    the file: header, rings, slots
//	record.go    Record, Sample; how they are laid in a slot
//	checksum.go  what tells a whole slot from a torn one
//	box.go       Box: New, Open, Close, what was lost
//	put.go       the hot path
//	writer.go    records to a file that is not mapped
//	mapping*.go  records to one that is
//	file.go      making a file that nobody else sees or follows
//	flock*.go    who is alive
//	owner*.go    the same where there are no locks, and the header's facts
//	parse.go     from bytes to Contents
//	adopt.go     the boxes of dead processes
//	summary.go   their last minute
//	crash.go     the text of a crash, by debug.SetCrashOutput
package blackbox
