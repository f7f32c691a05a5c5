// Package dump is the evidence store: a directory of events, each of them a
// directory of files that are there whole or not at all.
//
//	store, err := dump.Open("/var/lib/shop/holmes", dump.Options{})
//	...
//	entry, err := store.Create("20260102T150405.000000000Z-cpu")
//	...
//	file, err := entry.Write("heap.pb.gz", pprof.WriteHeapProfile)
//	...
//	err = entry.Close(dump.Class{})
//
// It knows nothing of signals, rules or receivers: an event has a name, files, a
// class, and reporters that are to get it. It uses no network, starts no
// goroutine, and keeps no descriptors but one for each open event, and one for
// as long as the store owns any.
//
// # Choosing a directory
//
// A profile tells what a process does with whose data, so the evidence lies
// where only its owner reads it. A path that does not exist is made, with mode
// 0700. One that exists has to be a real directory, of the effective user, and
// writable by nobody else; anything else is refused with [ErrRefused], and the
// message says what to do about it.
//
// A shared directory like /tmp, writable by all and sticky, holds a private
// subdirectory named holmes-<uid> instead, see [Store.Dir]. A volume that is
// writable by all and not sticky, as some orchestrators mount them, is refused;
// a subdirectory of it is not.
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
//	<dir>/<id>/.owner-<token>   who makes it, or delivers it
//	<dir>/<id>/.to-<reporter>       it waits for that reporter
//	<dir>/<id>/.sent-<reporter>     that reporter has it
//	<dir>/<id>/.refused-<reporter>  that reporter will never have it, and why
//	<dir>/<id>/.damaged         it is set aside, and why
//	<dir>/.<id>.gone            an event that is being removed
//	<dir>/.owner-<token>.lock   held by an owner as long as it lives
//	<dir>/.lock                 held by whoever changes the directory
//
// An id starts with a time in [IDLayout], so that the order of names is the
// order of events. Names with a dot are the store's own business: whoever
// copies or sends an event leaves them out. Whatever else lies in the directory
// is not ours: it is neither counted nor touched.
//
// # Delivery
//
// A closed event waits for each reporter that it was addressed to, under the
// reporter's name, until [Store.Delivered] or [Store.Refused] says that this one
// is done with it. It is the event's owner that delivers it, and there is one at
// a time. When the owner dies, or closes its store, another process or the next
// one takes over what it had with [Store.Adopt]: what was closed to deliver it,
// what was still being written to complete it. So an event is delivered at least
// once; twice only when an owner died after a delivery and before it was noted.
//
// # Damage
//
// Each file has a CRC-32C and its length in the event's file of checksums, whose
// lines have one of their own. [Store.Check] finds any byte of a closed event
// that is not what was written; the event is set aside, with the reason, and
// others are not concerned. While an event is open its checksums are not synced:
// after a loss of power a file may be there without one, and is taken as it is.
//
// # Budget and retention
//
// [Options] bound the number of events, their bytes and their age, and what of
// the disk is left to others. Bytes are reserved before they are written, in the
// size of the file that they are for. When space is wanted, events go in this
// order, the oldest first within each:
//
//   - disposable ones,
//   - damaged ones,
//   - those that no reporter waits for,
//   - of these the first of their kind, and the peaks of rising series: see
//     [Class],
//   - those that some reporter has not got, unless the space is wanted only
//     because others have filled the disk.
//
// What a process has open or is delivering never goes. Space is wanted by a new
// event, by the next bytes of an open one while it takes at most half of the
// budget, and when an event is closed. What still does not fit fails with
// [ErrBudget].
//
// # Several processes
//
// Several processes may share a directory, and one process may open it several
// times. Whatever becomes larger, gets another name or is removed does so while
// the directory is locked, and what is there is counted then, reservations of
// the others included. So together they keep to the number of events and to
// the bytes exactly, where they have the same [Options]. What is to be left free
// of the disk is looked at before each reservation, of at most 1 MiB more than
// is needed: processes that write at the same moment may undershoot it by as
// much each. The lock is waited for for two seconds, then the answer is
// [ErrBusy].
//
// An owner is alive as long as the kernel says so. No event that has a live
// owner is adopted, and none is adopted by two.
//
// # Caveats
//
// On a file system without locks, and on a system without flock, the owners of
// all other events look dead, and each process keeps to the budget by itself.
// Give each process a directory there.
//
// Every file and every new name is synced. A disk that answers a sync slowly
// slows the writer, so write from a goroutine that may wait.
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
//	store.go      Open, what the store holds; options.go its limits
//	place.go      which directories are refused, and how one is opened
//	disk.go       every operation on the disk, and how tests make them fail
//	names.go      ids and file names that are ours
//	turn.go       the directory's lock
//	owner.go      who owns events, and whether it lives
//	survey.go     what in the directory is ours, counted
//	create.go     a new event; entry.go one that is open
//	write.go      one file, whole or not at all
//	budget.go     the bytes that may still be written
//	sums.go       checksums, and what differs from them
//	seal.go       an event that is no longer open; reopen.go open again
//	mark.go       who is to get an event, and who has it
//	take.go       an event on its way
//	adopt.go      what the dead left
//	retain.go     which events make room
//	lock*.go      a lock, per system
//	space_*.go    free space, per system
//	platform_*.go owners and directory syncs, per system
//
// Everything below the directory is reached through [os.Root]: a symbolic link
// that is put in place of a directory or a file later leads nowhere.
package dump
