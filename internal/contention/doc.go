// Package contention shares the two rates at which a Go process records waiting
// goroutines: the fraction of contended locks that the mutex profile records, and the
// time of blocking for one record of the block profile.
//
// Each is one number for the whole process, 0 by default, and the application may set
// it too. A [Locks] sets the first while it is held, and never changes a number that
// the application has set: the runtime returns the number, and those of this package
// are unlikely choices. A [Blocks] does the same for the second, which the runtime does
// not return; so it is only for processes that do not set it themselves.
//
// # Why locks are armed
//
// The runtime notes when a goroutine begins to wait for a lock only while the fraction
// is not 0, and passes the time on along the queue of the lock. So the profile right
// after a fraction of 0 is wrong (Go 1.26, measured with 20 goroutines that hold one
// lock for 2 ms each, 450 times a second):
//
//   - A queue that began before is not recorded until it is empty: 0 contentions in
//     2.5 s at a fraction of 1. A lock that is contended without a break, which is the
//     interesting one, does not show.
//   - A queue that has been recorded before is charged with the time since the
//     machine was started: 2.7e14 cycles in a second of 3.8e10.
//
// A fraction that records next to nothing and is never 0 avoids both: [Armed]. After
// it, [Fraction] gives a correct profile: at once for a queue that began after Armed
// was set, and for other locks when they have changed hands.
package contention
