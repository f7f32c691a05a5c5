// Package contention shares the two rates at which a Go process records who
// waits: the fraction of contended locks that goes into the mutex profile, and
// how much blocking there is to one record of the block profile.
//
// Each is one number for the whole process, 0 by default, and the application
// may set it too. A [Locks] turns the first on for as long as anyone holds it,
// and never changes a number that the application has set: the runtime tells
// the number, and [Fraction] is one that nobody else would choose. A [Blocks]
// does the same for the second, which the runtime does not tell; so it is only
// for processes that do not set it themselves.
package contention
