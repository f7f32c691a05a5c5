// Package holmes watches the process that it runs in. When CPU, memory,
// goroutines or threads leave their normal range, the profiles of that moment are
// on disk and on their way to every reporter.
//
//	h, err := holmes.New(
//		holmes.WithDumpPath("/var/lib/shop/holmes"),
//		holmes.WithReporter(reporter),
//	)
//	if err != nil {
//		log.Print(err) // and go on: h does nothing then, and never panics
//	}
//	h.Start()
//	defer h.Stop()
//
// It is for services where a profiler cannot be attached in time, because the pod
// is gone, the network is closed, or the spike is over.
//
// # How it works
//
// Once a second holmes reads all signals, in some microseconds and without an
// allocation, and judges each by its rule against the samples before it. An event
// has one of four states:
//
//   - suspected: the rule holds for the first time. Profiles begin, and are
//     written to disk at once. A CPU profile begins with the second suspicious
//     sample.
//   - confirmed: the rule has held for its hold time. The event is completed,
//     diagnosed, logged, and given to every reporter.
//   - dismissed: the rule lapsed first. The event is counted as a near miss and
//     never reported. The profiles of the last few stay on disk, in case a short
//     spike is asked about.
//   - unconfirmed: holmes was stopped before the verdict. The event is reported
//     with this state.
//
// No reading waits for a capture, and no capture for a reporter.
//
// While all signals are calm, holmes takes a baseline now and then: a second of
// CPU profile, a heap profile and a goroutine profile ([WithBaseline]). It compares
// an event with the baseline, and the event's sentence names the function that is
// responsible for the difference, or says that there is no clear culprit:
//
//	CPU 92 % for 15 s, normal 31 %: main.applyCoupons (coupon.go:41) took 64 % of the extra CPU
//
// Memory cannot wait for a verdict, because a process that leaks fast is killed
// within a second. A watcher reads memory after every collection, and up to a
// hundred times a second while memory grows. When the limit will be reached
// within 250 ms, or the heap may outgrow it before the next collection, holmes
// writes a heap profile before it does anything else ([WithMemoryWatch]).
//
// # The signals
//
//	signal     value                                    default rule: min, diff, abs
//	cpu        CPU time in % of the cores it may use    10 %, 25 %, 70 %
//	mem        memory in % of the limit that binds it   10 %, 25 %, 80 %, and slow
//	gcheap     live heap after a collection, same %     10 %, 20 %, 40 %
//	goroutine  number of goroutines                     3000, 20 %, 200 000, and slow
//	thread     number of threads                        10, 25 %, 70
//	gccpu      CPU time in use that goes into GC, in %  20 %, 25 %, 40 %
//	schedlat   99th percentile of waiting to run        10 ms, 100 %, 50 ms
//	mutexwait  seconds waited for locks in a second     1, 100 %, 10
//
// The last three are off by default. [Holmes.Enable] and [Holmes.Disable] turn
// signals on and off, [WithSource] adds your own. CPU is in percent of the cgroup's
// quota, the affinity mask or GOMAXPROCS, whichever is least. Memory is what the
// cgroup holds without the page cache, over its limit; without a limit it is the
// process's anonymous and shared memory over the host's. [Stats] has the limits.
//
// # Choosing a rule
//
// A [Threshold] fires above an absolute value, or above the mean of the last
// ten minutes by a percentage and a margin. The defaults keep the thresholds of
// mosn/holmes and add a hold of 15 seconds, a margin of 10 points, and an edge, so
// that a level that stays is one event. A mean over less than ten minutes follows a
// slow rise: over two minutes it misses most such rises and half of the leaks of
// 5 % a minute, and has as many false captures (docs/benchmarks.md).
//
// Memory and goroutines have a second, slow rule: one sample a minute over 6
// hours, which finds a leak of 0.1 % a minute ([WithSlowRules]).
//
// A process that has just been started is idle, gets its load and fills its caches.
// So in its first three minutes, and until it has had load for one of them, only the
// absolute thresholds and the memory watcher judge. After that the mean is over the last
// quarter of the time with load ([WithGrace]).
//
// Repeats back off up to 32 times the cool-down, and each signal has a budget
// of events a day ([WithDailyBudget]). Both are of the service, not of the process:
// a restart goes on with them, since they are in the dump path. To learn why nothing was captured, ask
// [Holmes.WhyNot] or look at [Holmes.Stats]:
//
//	CPU 61 %: suspected, held 7 s of 15 s
//	CPU 82 % fires, but is cooling down 40 s more
//
// [WithClassicRules] is the rule of mosn/holmes to the letter.
//
// # Extending
//
// A [Reporter] takes events out of the process; package reporters has those
// for files, HTTP, the collector, profefe, Pyroscope and chat, and reportertest
// tests your own. An event that cannot be delivered waits in the dump path, across
// restarts, under the reporter's name. A [Source] measures a signal of yours, a
// [Rule] judges one. All of them run under recover and cannot stop holmes: one that
// panics is not called for a while, and nothing waits for one that blocks.
//
// # Coming from mosn/holmes
//
// Change the import path from mosn.io/holmes. Options keep their names, order
// and units, and the reporters of the old kind go on working through
// [WithProfileReporter]. What differs: signals are on without EnableXDump;
// cgroup limits are used without WithCGroup; readings are taken every second,
// not every five; Start returns an error, which may be ignored; profiles are
// in a directory for each event; the binary form is always written; and the old
// HTTP and Pyroscope reporters want https beyond loopback.
//
// # Caveats
//
//   - The runtime has one flight recorder ([WithFlightRecorder]). holmes starts it
//     under suspicion only, for at most a tenth of any hour, and stops it where
//     tracing costs too much; the event says why there is no trace.
//   - The runtime has one CPU profiler. While your own profiling holds it,
//     holmes waits within the event and says so in it. While it is held for more
//     than a minute, events go without a CPU profile. holmes profiles for at most
//     a tenth of any hour. Meanwhile net/http/pprof's Profile fails: mount
//     handler.Profile in place of it, or use [CPUProfile].
//   - A heap profile shows nothing that was allocated after the last finished
//     collection. So a memory event holds two: one at once, and one after two
//     collections, or after one that holmes forces, at most once a minute
//     ([WithForcedGC]).
//   - A process that is killed with SIGKILL leaves its last ten minutes in a
//     black box in the dump path. The next Start reports it, in an event of the
//     signal "process", if the end looks unintended: memory nearly full, an event
//     under way, or a crash ([WithCrashOutput]). A container's own disk is lost
//     with the container: use a volume.
//   - A goroutine profile costs some microseconds of CPU and up to a KB of
//     memory for each goroutine (BenchmarkCaptureNeeds). Above
//     [WithCaptureBudget] it is replaced by counts.
//   - The runtime updates its account of CPU time when a collection ends. So gccpu
//     covers the time between two ends, and is late where they are far apart.
//   - A wait for a lock counts when it ends: mutexwait never sees a deadlock,
//     and is uneven with a few long waits. See the goroutine signal.
//   - A lock is missing from mutex profiles until its queue has been empty once
//     since the signal was turned on. To record as many locks as possible,
//     [runtime.SetMutexProfileFraction] is 1 in 1 000 003 while such a signal is
//     on, and 1 in 7 during its events, unless the application has set it; Stop
//     restores it.
//   - The runtime does not tell the rate that [WithBlockProfile] replaces, so it is
//     0 afterwards.
//   - In a bubble of testing/synctest the runtime's profilers do not stop: use
//     [WithBaseline](0), [WithFlightRecorder]([RecorderOff]), and no CPU events.
//   - Where the limits of a parent group cannot be seen from inside a
//     container, percentages are of what can be seen.
//   - A reading once a second can miss a fault that kills within a second. Only
//     memory is read more often.
package holmes
