// Package contention shares the two rates at which a Go process records who
// waits: the fraction of contended locks that goes into the mutex profile, and
// how much blocking there is to one record of the block profile.
//
// Each is one number for the whole process, 0 by default, and the application
// may set it too. A [Locks] sets the first for as long as anyone wants it,
// and never changes a number that the application has set: the runtime tells
// the number, and ours are such that nobody else would choose. A [Blocks] does
// the same for the second, which the runtime does not tell; so it is only for
// processes that do not set it themselves.
//
// # Why locks are armed
//
// The runtime notes when a goroutine begins to wait for a lock, but only while
// the fraction is not 0, and hands the time on along the queue of the lock. So
// what it says right after the fraction was 0 is wrong (Go 1.26, measured with
// 20 goroutines that hold one lock for 2 ms each, 450 times a second):
//
//   - A queue that began before is never recorded, for as long as somebody is
//     in it: 0 contentions in 2.5 s at a fraction of 1. Of a lock that is
//     fought for without a break, which is why anybody looks, that is nothing.
//   - A queue that has been recorded before is charged with the time since the
//     machine was started: 2.7e14 cycles in a second of 3.8e10.
//
// Both are avoided by a fraction that records next to nothing and is never 0:
// [Armed]. From it to [Fraction] all is right, at once where it has been in
// force since the queue began, and of other locks when they have changed hands.
package contention
