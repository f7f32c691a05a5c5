// Package diagnose names the function that is to blame for an event, or says
// that it cannot. It is pure: profiles in, a [Verdict] out, with no clock, no
// file and no state, so it can be used on any pair of Go profiles. [Parse]
// decodes them, [Judge] compares them.
//
// # How it judges
//
// Each stack is blamed on its leaf-most frame outside the standard library:
// what sort.Slice burns is the fault of who called it. What each function is
// blamed for now is compared with a profile of calm times, a CPU profile scaled
// by its duration, and the functions are ranked by how much they grew.
//
//   - A stack of standard-library code alone is blamed on the function that its
//     goroutine started in, such as net/http.(*persistConn).readLoop.
//   - What the runtime does on its own account (the collector, the scheduler)
//     and what has no symbols is nobody's. It is in the total that shares are
//     of, and is never a culprit.
//   - What holmes itself was doing is left out altogether.
//
// # When it is confident
//
// A profile is a sample: a function seen ten times may be seen twenty times
// the next time without any reason. A culprit's score is its growth beyond what
// it would have if everything had grown alike, in standard deviations of that
// noise, one unseen sample in the calm profile allowed for. The verdict is
// confident when the first culprit scores at least 4, took at least half of all
// that grew, and is the application's own code. Otherwise, and always without a
// calm profile, it names candidates and says that it does so.
//
// # Caveats
//
// A heap profile names who allocated what is in use, never who keeps it. GC
// time is not yet shared out by allocation, the holder of a contended lock not
// yet looked for, and a third-party library's function is blamed itself and not
// its caller, though never with confidence.
package diagnose
