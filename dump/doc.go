// Package dump is the evidence store: a directory of events, each of them a
// directory of files that are there whole or not at all.
//
//	store, err := dump.Open("/var/lib/shop/holmes", dump.Options{})
//	...
//	entry, err := store.Create("20260102T150405.000000000Z-cpu")
//	...
//	file, err := entry.Write("heap.pb.gz", pprof.WriteHeapProfile)
//	...
//	err = entry.Close(false)
//
// It knows nothing of signals, rules or reporters: an event has a name, files,
// and a class. It uses no network, starts no goroutine, and keeps no
// descriptors but two for each open event.
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
//	<dir>/<id>/.disposable      the event was closed as disposable
//	<dir>/.<id>.lock            held by the process that has the event open
//	<dir>/.<id>.gone            an event that is being removed
//
// An id starts with a time in [IDLayout], so that the order of names is the
// order of events. Names with a dot are the store's own business: whoever
// copies or sends an event leaves them out. Whatever else lies in the directory
// is not ours: it is neither counted nor touched.
//
// # Budget and retention
//
// [Options] bound the number of events and their bytes. When space is wanted,
// disposable events go first, then the oldest; an event that this or another
// process has open never does. Space is wanted by a new event, by the next bytes
// of an open one while it takes at most half of the budget, and when an event is
// closed. What still does not fit fails with [ErrBudget].
//
// # Caveats
//
// Several processes may share a directory. Each knows its own bytes exactly and
// those of the others as of its last look, so together they may overshoot the
// budget by what they write at the same moment.
//
// On a file system without locks, and on a system without flock, an event of
// another process looks closed. Give each process a directory there.
//
// Every file and every new name is synced. A disk that answers a sync slowly
// slows the writer, so write from a goroutine that may wait.
//
// # For developers
//
// The life of an event:
//
//	Create -> Write, Replace -> Close -> retention
//	                         -> Discard
//
// The files:
//
//	store.go      Options, Open, what the store holds
//	place.go      which directories are refused, and how one is opened
//	names.go      ids and file names that are ours
//	create.go     a new event
//	entry.go      an open event and its end
//	write.go      one file, whole or not at all
//	budget.go     the bytes that may still be written
//	settle.go     an event that is no longer open
//	retain.go     which events make room
//	clean.go      what a killed process left
//	list.go       what in the directory is ours
//	lock.go       one owner for each event
//	lock_*.go     its lock, per system
//	platform_*.go owners and directory syncs, per system
//
// Everything below the directory is reached through [os.Root]: a symbolic link
// that is put in place of a directory or a file later leads nowhere.
package dump
