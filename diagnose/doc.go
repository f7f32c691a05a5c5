// Package diagnose names the function that is to blame for an event, or says
// that it cannot. It is pure: profiles in, a [Verdict] out, with no clock, no
// file and no state, so it can be used on any Go profiles. [Parse] decodes
// them, [Diagnose] judges an event by all of them, [Judge] by one pair.
//
// # Who is blamed for a stack
//
// The leaf-most frame of the application's own code: what sort.Slice burns, or
// a third party's library, is the fault of who called it. [Options] says what is
// own. The library is told too, as "in go.uber.org/zap, called from main.audit".
//
//   - A stack without own code is blamed on the leaf-most frame of a third
//     party, and one of the standard library alone on the function that its
//     goroutine started in, such as net/http.(*persistConn).readLoop. Neither is
//     ever named with confidence.
//   - A closure that is called, through whatever, by the function that it is
//     written in counts as that function. So do the instances of a generic
//     function, loops over functions, and what the compiler wraps around defer
//     and go.
//   - A helper that was busy for several callers before, and does more for one
//     of them, is innocent: that one is blamed.
//   - What the runtime does on its own account and what has no symbols is
//     nobody's. It is in the total that shares are of. What holmes itself was
//     doing is left out altogether.
//
// # What is held against it
//
//   - CPU time, the calm profile scaled to the duration of the event's. What the
//     collector takes more, also by making whoever allocates help it, is shared
//     out among those who allocate more, where two heap profiles of calm times
//     tell how much is normal.
//   - Memory in use by who allocated it. A heap profile knows that alone, and
//     not who keeps it.
//   - Goroutines, by what they are doing: the standard library's frames at the
//     leaf tell. Those that wait for a lock are innocent, and so are those in a
//     function that hands something out, as a place in a pool: looked for is
//     who is past them, was not there in calm times, and stands near, by its
//     type, file or package. A mutex profile of the event knows it for sure.
//     Goroutines of an HTTP client's connections belong to who keeps requests
//     in use.
//   - Threads by the goroutines in system calls or in C.
//
// # When it is confident
//
// What the rest of the profile does more, or those of the rest who do more at
// all, is taken for the traffic, and is nobody's fault: only the excess over it
// speaks against a function. The score of a culprit is that excess in standard
// deviations of the noise: that of sampling, one unseen sample in the calm
// profile allowed for, of the traffic, and of a function's moods. The verdict
// is confident when the first culprit is own code, scores at least 4, and has
// at least half of all excess and a quarter of all growth. Otherwise, and always
// without a calm profile, it names candidates and says that it does so.
//
// # Caveats
//
// A service that does one thing only looks the same when the traffic doubles as
// when it needs twice as long. Who reacts to the fault of another process, a
// database that has become slow, is named for what it does, which is to wait.
// A lock that is always free in the moment of a goroutine profile has no
// holder there.
//
// # File map
//
//	case.go       what is known of an event; options.go, profile.go
//	diagnose.go   which evidence tells of which signal
//	judge.go      one kind after the other, until one is sure
//	inquest.go    a case while it is judged, and contrasts of two profiles
//	people.go     functions: name.go, origin.go, state.go say what they are
//	reading.go    who is blamed for a stack
//	tally.go      sums by function; noise.go what a sample is worth
//	growth.go     who grew; tide.go what everybody did
//	caller.go     helpers and their callers
//	gc.go         CPU, garbage, memory
//	goroutine.go  goroutines, threads: lock.go, pool.go, client.go the rules,
//	              holder.go, crowd.go and kin.go who holds what others wait for
//	verdict.go    what comes out; sentence.go, compared.go in words
package diagnose
