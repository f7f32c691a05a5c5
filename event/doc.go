// Package event is what leaves a process about one anomaly: the [Event] with its
// profiles, its form on disk, and the [Reporter] that takes it away. A program
// that imports it reads event directories without the profiler.
//
// An event directory holds event.json, which [Load] reads, summary.txt for
// people, and one file a profile. Its name is the event's ID, which sorts by
// time. Fields may be added to event.json; none is renamed or removed.
package event
