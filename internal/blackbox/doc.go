// Package blackbox records the last minutes of a process in a file that survives a
// SIGKILL, and reads the files of killed processes.
//
// A [Box] is a file with a ring of samples and a ring of states and events, so
// that many records of the one never overwrite the other. Writing a record copies
// some words, without a system call and without an allocation. The next process
// takes over the boxes of dead ones with [Adopt], exactly one process each, and makes
// a [Summary] of their last minute.
//
// # Where the bytes go
//
// On Linux, in a directory in memory (tmpfs), the file is mapped: a record is safe
// when the call returns. On a disk it is not mapped. A write to a mapped page can
// wait for the disk, and to the runtime a goroutine in a page fault is running: the
// next garbage collection waits for it, and the whole process with that. A file
// system that is frozen for a backup, a full journal or a server that does not answer
// would stop the host. So there a goroutine of the box writes each record to the file
// a moment later, in a system call, which blocks no other goroutine. See [Medium],
// and TestFrozenDiskDoesNotStopTheHost.
//
// Neither form is synced to the disk. Both survive the death of the process, not that
// of the machine.
//
// # Whose it is
//
// The header has the labels of the owner, and [Adopt] leaves a box to a process with the
// same label "service". The boxes of a process that crashes faster than they can be
// reported are bounded by a [Claim]; those that are dropped are counted in the header of
// the next one, until a report has told of them.
//
// # What can go wrong
//
//   - A full disk: the file's blocks are written when it is made, so [Open] fails.
//   - A mapped file that is truncated: the write faults. The fault is caught (which
//     costs 5 ns of 45, see BenchmarkSample), the box takes no more records, and
//     [Box.Err] says so.
//   - A process killed while it writes a record: the record has no sequence number
//     yet, and a checksum. It is counted as torn; all others are whole.
//   - A file that is damaged in any other way: [Read] returns the rest of it, or an
//     error.
//   - No file, on a system without flock or when the directory refuses: the box is
//     in memory, where [Box.Contents] reads it.
//
// # File map
//
//	layout.go    the file: header, rings, slots
//	record.go    Record, Sample, and their encoding in a slot
//	checksum.go  distinguishes whole slots from torn ones
//	box.go       Box: New, Open, Close, Err
//	put.go       the hot path
//	writer.go    records to a file that is not mapped
//	mapping*.go  records to one that is
//	file.go      files that are private and locked
//	owner*.go    whether an owner is alive without locks; the header's facts
//	parse.go     from bytes to Contents
//	orphans.go   the boxes of dead processes
//	summary.go   their last minute
//	crash.go     the text of a crash, by debug.SetCrashOutput
package blackbox
