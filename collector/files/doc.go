// Package files is a [collector.Store] in a directory: a file for each upload,
// and an index that can be rebuilt from them.
//
//	store, err := files.Open(ctx, "/var/lib/holmes", files.Options{
//		MaxBytes: 50 << 30, MaxAge: 30 * 24 * time.Hour,
//	})
//	...
//	defer store.Close()
//
// # Layout
//
//	<dir>/blobs/0000000/<id>  an upload: its files, and a record that describes them
//	<dir>/incoming/           uploads under way; emptied by Open
//	<dir>/kept/               which uploads were opened or pinned, an empty file each
//	<dir>/damaged/            uploads that were found to be damaged, for inspection
//	<dir>/index.db            the index
//	<dir>/lock                held by the process that has the store open
//
// Other files there, such as roll-ups, are left alone.
//
// An id begins with a number that grows with each upload; a directory holds
// 4096 of them. Everything is readable by its owner alone.
//
// # When an upload is durable
//
// Its content and its record are written to one file and synced, the file gets
// its name, the directory is synced; then it is acknowledged. A file that has a
// name is complete, and its record has a checksum, as has each file in it. A
// process that dies leaves nothing but files in incoming.
//
// # The index
//
// The uploads of a directory are one segment of the index, written when the
// directory is full: an upload costs it some hundred bytes, and a search reads a
// million rows in milliseconds, whatever labels they have. Until then the rows
// are in memory, as an open segment. Close writes it, too; after a crash, Open
// reads its rows from the files, 4096 of them at most.
//
// Missing or damaged segments are read from the files. An index that is missing,
// damaged as a whole, or a copy, is rebuilt: that takes half a minute for each
// million uploads on a fast disk, see [Options].Progress.
//
// # Damage
//
// An upload that is damaged is moved to damaged/ and left out from then on, whether
// it is found when it is read, by [Store.Scrub], or by Open. It is logged once, with
// its ID and its service, and [Usage] counts it. An event with a damaged profile stays
// where it is, with its other files: only that profile answers with an error of code
// [collector.Damaged]. An upload on sectors that cannot be read stays, too. [Check]
// reads a directory without changing anything.
//
// # Retention
//
// What is there is told by the files, not by the index: Open lists them.
//
// [Options] bound bytes and age. The age of single profiles and that of events differ.
// For the bytes the single profile that arrived first is removed first, whatever its own
// time; events go when they have more than half of the bytes, or nothing else is left.
// Uploads make room for themselves as they come in, so that the bytes are never above
// the bound; [Store.Sweep] checks the age, the quotas of services, and the disk. What
// [Store.Keep] has pinned is removed by [Store.Delete] alone. Each removal is logged and
// counted: see [Store.Removals].
//
// # Backup
//
// Copy the directory, while the store is in use or not. Uploads that were
// acknowledged before the copy began are in it. The copy's index is rebuilt when
// it is opened, since it may have been written to during the copy.
//
// # Caveats
//
//   - The bound on bytes is for uploads. The index takes 120 to 170 bytes more
//     for each profile.
//   - With a maximal age, a clock that jumps ahead removes uploads too early.
//   - On a system without flock, and on a file system without locks, only the
//     index's own lock keeps a second process out.
//   - Each upload syncs a file and a directory. Uploads at the same time share
//     the latter.
//
// # For developers
//
//	options.go  options
//	store.go    Open, Close, Usage
//	draft.go    an upload that is being received
//	commit.go   how it becomes durable
//	blob.go     the file that it becomes; id.go its name
//	rows.go     its rows in the index
//	open_segment.go  a directory being filled; seal.go when it is full
//	keys.go     keys of uploads, and repetitions
//	find.go     searches; source.go the rows that they read; labels.go names, values
//	            and timelines; values.go, value_cache.go what was read before
//	arrivals.go what was stored since the last time
//	backfill.go totals for the rows of earlier versions
//	read.go     opening files
//	sweep.go    retention: rounds; evict.go making room; keep.go pins, deletion; upload.go what it knows of an upload
//	alive.go    which uploads of a directory are there
//	damage.go   damaged uploads; scrub.go looks for them
//	load.go     loading the index; scan.go reading blobs that it lacks
//	index.go    the index's file
//	disk.go     syncing, and full disks
//	lock*.go    one process at a time
package files
