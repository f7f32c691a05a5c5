// Package diagnose names the function that is to blame for an event, or says
// that it cannot. It is pure: profiles in, a [Verdict] out, with no clock, no
// file and no state, so it can be used on any Go profiles. [Parse] decodes
// them, [Diagnose] judges an event by all of them, [Judge] by one pair.
//
// # The function that a stack is blamed on
//
// A stack is blamed on the leaf-most frame of the application's own code: the time
// in sort.Slice, or in a third party's library, is the fault of its caller.
// [Options] says which code is own. The verdict names the library too, as "in
// go.uber.org/zap, called from main.audit".
//
//   - A stack without own code is blamed on the leaf-most frame of a third
//     party, and one of the standard library alone on the function that its
//     goroutine started in, such as net/http.(*persistConn).readLoop. Neither is
//     ever named with confidence.
//   - A closure that is called, directly or not, by the function that it is
//     written in counts as that function. So do the instances of a generic
//     function, loops over functions, and what the compiler wraps around defer
//     and go.
//   - A helper that was busy for several callers before, and does more for one
//     of them, is not to blame: that caller is.
//   - The runtime's own work and frames without symbols are blamed on no function.
//     They are in the total that shares are of. The work of holmes itself is left
//     out.
//
// # The evidence
//
//   - CPU time, the calm profile scaled to the duration of the event's. The growth
//     of garbage collection, which every allocating goroutine helps with, is
//     distributed among the functions that allocate more, if two heap profiles of
//     calm times show how much is normal.
//   - The heap in use by the function that allocated it. A heap profile does not show
//     what keeps it in use. If less than half of the growth of memory is in Go's heap,
//     the sentence begins with where it is, and shares are of the heap only.
//   - Goroutines by their state, which the standard library's frames at the leaf
//     show. Goroutines that wait for a lock are not the cause, nor those in a
//     function that hands out a resource such as a slot of a pool: the cause is a
//     function that has passed that point, did not run in calm times, and is
//     related by its type, file or package. A mutex profile of the event shows it
//     directly. The goroutines of an HTTP client's connections are blamed on the
//     function that keeps requests in use.
//   - Threads by the goroutines in system calls or in C.
//
// # Confidence
//
// The growth of the rest of the profile, or of the growing functions in the rest, is
// taken for load growth, which is no function's fault: only the excess over it counts
// against a function. The score of a culprit is that excess in standard deviations of
// the noise: that of sampling, one unseen sample in the calm profile allowed for, of
// the load growth, and jitter. The verdict is confident when the first culprit is own
// code, scores at least 4, and has at least half of all excess and a quarter of all
// growth. Otherwise, and always without a calm profile, it names candidates and says
// that it does so.
//
// # Caveats
//
// A service that does one thing only looks the same when the load doubles as when it
// needs twice as long. A function that reacts to the fault of another process, such
// as a slow database, is named for its waiting. A lock that is
// free at the moment of every goroutine profile has no holder there.
//
// # File map
//
//	case.go       what is known of an event; options.go, profile.go
//	evidence.go   the evidence for each signal
//	judge.go      one kind of evidence after the other, until one is confident
//	analysis.go   a case while it is judged, and diffs of two profiles
//	functions.go  functions: name.go, origin.go, state.go classify them
//	reading.go    the function that a stack is blamed on
//	tally.go      sums by function; noise.go the variance of a sample
//	growth.go     the functions that grew; load.go the growth of the load
//	caller.go     helpers and their callers
//	gc.go         CPU, garbage
//	memory.go     memory: parts.go what it consists of
//	goroutine.go  goroutines, threads: lock.go, pool.go, client.go the rules,
//	              holder.go, waiters.go, related.go the holder of a resource
//	verdict.go    the result; sentence.go, compared.go its words
package diagnose
