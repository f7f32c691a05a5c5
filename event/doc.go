// Package event defines what leaves a process about one anomaly: the [Event] with
// its profiles, its form on disk, and the [Reporter] that delivers it. It has no part
// of the profiler, so a program can read event directories with it.
//
// An event directory holds event.json, which [Load] reads, summary.txt, which is the
// same as plain text, and a file for each profile. Its name is the ID of the event,
// which sorts by time. A dump path also has files that start with a dot and directories
// that are no events, such as blackbox: what has no event.json is none, and [Load] says
// so by [os.ErrNotExist]. Fields may be added to event.json; none is renamed or removed.
package event
