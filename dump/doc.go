// Package dump is the evidence store: a directory of events, each of which is a
// directory of files. A file is complete or it does not exist, whenever the process
// is killed. After a loss of power a file that is torn is told by its checksum.
//
//	store, err := dump.Open("/var/lib/shop/holmes", dump.Options{})
//	...
//	entry, err := store.Create("20260102T150405.000000000Z-cpu")
//	...
//	file, err := entry.Write("heap.pb.gz", pprof.WriteHeapProfile)
//	...
//	err = entry.Close(dump.Class{})
//
// The package knows nothing of signals, rules or receivers: an event has a name,
// files, a class, and the names of the reporters that it is for. It uses no
// network, leaves no goroutine behind, and keeps one descriptor for each open event and
// one while the store owns any event.
//
// # Choosing a directory
//
// A profile shows what a process does with which data, so only its owner may read
// the evidence. A directory is judged by whether that is kept, and by the same rule
// for root and for others:
//
//   - A path that does not exist is made, with mode 0700.
//   - A directory of the effective user that no other user can write to is used as
//     it is.
//   - In any other directory the store makes a private one, holmes-<uid> with mode
//     0700, see [Store.Dir]: in /tmp, in a volume that the platform has given to
//     root, to a group or to all, and in one's own that a group may write to. Once
//     made it is used whatever becomes of the directory around it, and its mode is
//     set again where the platform changes the modes of all files in a volume. Events
//     that a store wrote beside it, while no other user could write there, are moved
//     into it.
//   - A symbolic link is followed, at the end of the path and on its way, if it and the
//     directory that it is in belong to root or the effective user, and no other user
//     can rename files there.
//
// What is left is refused with [ErrRefused], and the message says what to do about
// it: a link that others can make or exchange, a holmes-<uid> of another user, and a
// directory in which this user can make none.
//
// The private directory is opened first, and its owner and mode are those of the open
// directory. Where others can write to the directory around it and that is not sticky,
// they can rename holmes-<uid> and put another directory in its place. They cannot
// read what is in it, because it is closed to them, nor have the store write to what
// they have made, because they can make nothing that belongs to this user. All that
// they can do is to deny the evidence its place. A program that opens files by a path
// that the store has returned, such as [File.Path], does not have that protection, and
// trusts the users who can write to the volume.
//
// Some file systems have one owner and one mode for all files, by their mount options:
// vfat, SMB, and network file systems that map all users to one. The store sees that
// by a file that it makes. There the private directory is used as it is, and who can
// read the volume can read the evidence.
//
// These rules are the Unix ones. On Windows the access list that a new
// directory inherits decides, and only symbolic links and files are refused.
//
// # Layout
//
//	<dir>/<id>/                 0700, one event
//	<dir>/<id>/cpu.pb.gz        0600, a file of the event
//	<dir>/<id>/.cpu.pb.gz.tmp   the same while it is being written
//	<dir>/<id>/.sums            the checksums of the files, while the event is open
//	<dir>/<id>/.sealed          the same when it is closed, and its class
//	<dir>/<id>/.disposable      it was closed as disposable
//	<dir>/<id>/.routine         it was closed as routine
//	<dir>/<id>/.latest-<name>   it was closed as the latest of that name
//	<dir>/<id>/.owner-<token>   its owner, which makes or delivers it
//	<dir>/<id>/.to-<reporter>       it waits for that reporter
//	<dir>/<id>/.sent-<reporter>     that reporter has it
//	<dir>/<id>/.refused-<reporter>  that reporter will never take it, and why
//	<dir>/<id>/.damaged         it is set aside, and why
//	<dir>/.<id>.gone            an event that is being removed
//	<dir>/.owner-<token>.lock   held by an owner as long as it lives
//	<dir>/.reporter-<reporter>  when a process had that reporter
//	<dir>/.lock                 the directory lock, held while the directory grows, and
//	                            how many events and bytes there are at most
//
// An id starts with a time in [IDLayout], so that the order of names is the
// order of events. The store's own files start with a dot: programs that copy or
// send an event leave them out. Other files in the directory are neither counted
// nor changed.
//
// # Delivery
//
// A closed event waits for each reporter that it was addressed to, under the
// reporter's name, until [Store.Delivered] or [Store.Refused] ends that wait. The
// owner of the event delivers it, and an event has one owner at a time. When the
// owner dies or closes its store, another process or the next one takes its events
// over with [Store.Adopt]: closed events to deliver them, unfinished ones to
// complete them. So an event is delivered at least once, and twice only if an
// owner dies after a delivery and before it is noted.
//
// # Damage
//
// The event's file of checksums has a CRC-32C and the length of each file, and a
// CRC-32C of each of its lines. [Store.Check] finds every byte of a closed event
// that is not what was written, and sets the event aside with the reason; other
// events are not affected. So does [Store.Reopen] with the event of a dead owner,
// and a file without a checksum is no better than a torn one.
//
// # Kills and losses of power
//
// A file has its name as soon as it is written, and its checksum before that. What a
// process has written is with the kernel, and survives the process: the next owner
// gives a temporary file its name if its checksum shows that it is whole, and removes
// it if not.
//
// An event is synced once, when it is closed: each of its files, their checksums, and
// the two directories, four at a time. Other processes see it closed before that. A
// loss of power before [Entry.Close] has returned may cost the event, or tear its
// files, and it is set aside then.
//
// # Budget and retention
//
// [Options] bound the number of events, their bytes and their age, and what of
// the disk is left to others. Bytes are reserved before they are written, in the
// size of their file. When space is wanted, events are removed in this order, the
// oldest of each first:
//
//   - disposable ones,
//   - damaged ones,
//   - routine ones,
//   - those that wait for no reporter, or only for reporters that no process has had
//     for a day,
//   - of these the first of their kind, and the peaks of rising series: see
//     [Class],
//   - the latest ones, such as what is normal for a service,
//   - those that wait for a reporter, unless the space is wanted only because
//     others have filled the disk.
//
// Events that a process has open or is delivering are never removed. Space is
// wanted by a new event, by the next bytes of an open one while it takes at most
// half of the budget, and when an event is closed. A demand that still does not
// fit fails with [ErrBudget].
//
// # Several processes
//
// Several processes may share a directory, and one process may open it several
// times. Every file that grows does so while the directory is locked, and what exists
// is counted then, the reservations of others included. So together the processes keep exactly to the number of events and to
// the bytes, if they have the same [Options]. The free space of the disk is checked
// before each reservation, which is at most 1 MiB more than is needed: processes
// that write at the same moment may undershoot it by as much each.
//
// The lock has the count that its last holder left, so no process scans the directory
// because another has changed it, and no process holds it while it waits for the disk
// to sync. A store waits two seconds for a holder that grants nothing, and ten for
// others that take turns; then it fails with [ErrBusy].
//
// The kernel says whether an owner is alive. No event of a live owner is adopted,
// and no event is adopted by two processes.
//
// # Caveats
//
// On a file system without locks, and on a system without flock, all other owners
// look dead, and each process keeps to the budget by itself. Give each process a
// directory of its own there.
//
// [Entry.Close] waits for the disk, and so do [Store.Delivered] and [Store.Refused].
// Call them from a goroutine that may wait.
//
// # For developers
//
// The life of an event:
//
//	Create -> Write, Replace -> Close -> Take, Check, Delivered -> retention
//	                         -> Discard
//	       its owner dies -> Adopt -> Reopen -> Write, Replace -> Close
//
// The files:
//
//	store.go      Open, and what the store holds; options.go its limits
//	former.go     events of an earlier place; other directories beside the events
//	directory.go  what is done under the directory lock, and Close
//	create.go     a new event; entry.go an open one
//	write.go      one file, complete or not there; limited.go its budget
//	seal.go       the end of an open event; reopen.go its second beginning
//	reporters.go  which reporters some process has
//	ack.go        which reporters wait for an event, and which are done with it
//	lease.go      an event that is being delivered
//	orphans.go    the events of dead owners
//	retention.go  which events are removed to make room
//
// The packages below internal know nothing of each other but what is said here:
// disk has the operations on files, and how tests make them fail; layout has the
// names; location, checksum, scan and lock use these two.
//
// Everything below the directory is reached through [os.Root]: a symbolic link
// that later replaces a directory or a file leads nowhere.
package dump
