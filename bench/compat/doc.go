// Package compat holds programs of the kind that mosn/holmes shows its users,
// written anew against the names that holmes keeps for them: leaking slices, a
// blocked channel, a CPU explosion, a deadlock, a dead loop, a slow leak of
// goroutines, leaking threads and a growing heap. Its test runs each of them for
// real.
package compat
