// Package files is a [collector.Store] in a directory: a file for each upload,
// and an index that can be made of them.
//
//	store, err := files.Open(ctx, "/var/lib/holmes", files.Options{
//		MaxBytes: 50 << 30, MaxAge: 30 * 24 * time.Hour,
//	})
//	...
//	defer store.Close()
//
// # Layout
//
//	<dir>/blobs/0000000/<id>  an upload: its files, and a record that says what they are
//	<dir>/incoming/           uploads under way; emptied by Open
//	<dir>/damaged/            what Open found damaged, for people to look at
//	<dir>/index.db            the index
//	<dir>/lock                held by the process that has the store open
//
// Whatever else is there, such as roll-ups, is somebody else's and left alone.
//
// An id begins with a number that grows with each upload; a directory holds
// 4096 of them. Everything is readable by its owner alone.
//
// # When an upload is durable
//
// Its content and its record are written to one file and synced, the file gets
// its name, the directory is synced; then it is acknowledged. A file that has a
// name is whole, and its record has a checksum, as has each file in it. A
// process that dies leaves nothing but files in incoming.
//
// # The index
//
// The uploads of a directory are one segment of the index, written when the
// directory is full: an upload costs it some hundred bytes, and a search reads a
// million rows in milliseconds, whatever labels they have. Until then the rows
// are in memory. Close writes them down, too; after a crash, Open reads them
// from the files, 4096 of them at most.
//
// What the index lacks or has damaged is read from the files. An index that is
// missing, damaged as a whole, or a copy, is made anew: that takes half a minute
// for each million uploads if the disk is quick, see [Options].Progress.
//
// # Retention
//
// [Options] bound bytes and age; what is removed is what arrived first, however
// old it says it is. Uploads make room for themselves as they come in, so that
// the bytes are never above the bound; [Store.Sweep] looks at the age.
//
// # Backup
//
// Copy the directory, while the store is in use or not. What was acknowledged
// before the copy was begun is in it. The copy's index is made anew when it is
// opened, since it may have been written to in the middle of the copy.
//
// # Caveats
//
//   - The bound on bytes is for uploads. The index takes 120 to 170 bytes more
//     for each profile, and the file system what it takes.
//   - A clock that jumps ahead makes old what is not, when a maximal age is set.
//   - On a system without flock, and on a file system without locks, the index's
//     own lock is all that keeps a second process out.
//   - Each upload syncs a file and a directory. Uploads at the same time share
//     the latter.
//
// # For developers
//
//	options.go  what can be set
//	store.go    Open, Close, Usage
//	draft.go    an upload on its way in
//	commit.go   and how it becomes durable
//	blob.go     the file that it is then; id.go its name
//	rows.go     what the index keeps about it
//	shelf.go    a directory being filled
//	seal.go     when it is full
//	keys.go     who has been here before
//	find.go     searching; source.go where
//	read.go     opening
//	sweep.go    retention
//	load.go     what Open finds; scan.go what it reads from the files
//	index.go    the index's file
//	disk.go     syncing, and full disks
//	lock*.go    one process at a time
package files
