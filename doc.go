// Package holmes watches the process that it lives in, and has the evidence
// ready when CPU, memory, goroutines or threads leave their normal range:
// profiles of that very moment, on disk and at every reporter.
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
// It is for services whose operators cannot attach a profiler at three in the
// morning, because the pod is gone, the network is closed, or the spike is
// over.
//
// # How it works
//
// Once a second all signals are read, in some microseconds and without an
// allocation, and each is judged by its rule against the samples before it. An
// event has a life:
//
//   - suspected: the rule holds for the first time. Evidence starts, and is
//     written to disk at once. A CPU profile starts with the second suspicious
//     sample.
//   - confirmed: the rule has held for its hold time. The event is completed,
//     diagnosed, logged, and given to every reporter.
//   - dismissed: the rule lapsed first. It is counted as a near miss and never
//     reported; the evidence of the last few stays on disk for whoever asks
//     about a short spike.
//   - unconfirmed: holmes was stopped before the verdict. It is reported as
//     what it is.
//
// No reading ever waits for a capture, and no capture for a reporter.
//
// What is normal holmes knows from a second of CPU profile, a heap and a
// goroutine profile that it takes now and then while all is calm
// ([WithBaseline]). An event is compared with that, and its sentence names the
// function to blame for the difference, or says that there is no clear culprit:
//
//	CPU 92 % for 15 s, normal 31 %: main.applyCoupons (coupon.go:41) took 64 % of the extra CPU
//
// Memory cannot wait for a verdict: a process that leaks fast is killed within
// a second. A watcher of its own looks after every collection, and up to a
// hundred times a second when memory grows. When the limit will be reached
// within 250 ms, or the heap may outgrow it before the next collection, a heap
// profile is on disk before anything else is done ([WithMemoryWatch]).
//
// # The signals
//
//	signal     value                                    default rule: min, diff, abs
//	cpu        CPU time in % of the cores it may use    10 %, 25 %, 70 %
//	mem        memory in % of the limit that kills      10 %, 25 %, 80 %, and slow
//	gcheap     live heap after a collection, same %     10 %, 20 %, 40 %
//	goroutine  number of goroutines                     3000, 20 %, 200 000, and slow
//	thread     number of threads                        10, 25 %, 70
//	gccpu      CPU time in use that goes into GC, in %  20 %, 25 %, 40 %
//	schedlat   99th percentile of waiting to run        10 ms, 100 %, 50 ms
//	mutexwait  seconds waited for locks in a second     1, 100 %, 10
//
// The last three are off, the others are on; [Holmes.Enable] and
// [Holmes.Disable] change that, [WithSource] adds your own. CPU is of the cgroup's quota or the affinity mask, whichever is less. Memory is
// what the cgroup holds without the page cache, over its limit; where there is
// no limit, the process's resident memory over the host's.
//
// # Choosing a rule
//
// A [Threshold] fires above an absolute value, or above the mean of the last
// ten minutes by a percentage and a margin. The defaults keep the thresholds
// that users of mosn/holmes know and add what their formula lacks: a hold of
// 15 seconds, a margin of 10 points, and an edge, so that a level that stays is
// one event. A mean over less than ten minutes follows what rises for minutes:
// over two it misses most such rises and half of the leaks of 5 % a minute, and
// has as many false captures (make bench-detect tells, on its choosing half).
//
// Memory and goroutines have a second, slow rule: one sample a minute over 6
// hours, which finds a leak of 0.1 % a minute ([WithSlowRules]).
//
// Repeats back off up to 32 times the cool-down, and each signal has a budget
// of events a day ([WithDailyBudget]). To learn why nothing was captured, ask
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
// tests your own. What cannot be delivered waits in the dump path, across
// restarts, under the reporter's name. A [Source] measures a
// signal of yours, a [Rule] judges one. All of them run under recover and
// cannot stop holmes: one that panics rests for a while, one that blocks is
// waited for by nobody.
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
//   - The runtime has one flight recorder ([WithFlightRecorder]). It is armed
//     under suspicion only, at most a tenth of any hour, and stands down where
//     tracing would cost much; the event says why there is no trace.
//   - The runtime has one CPU profiler. While your own profiling holds it,
//     holmes waits within the event and says so in it. It profiles for at most
//     a tenth of any hour.
//   - A heap profile shows nothing that was allocated after the last finished
//     collection. So a memory event holds two: one at once, and one after two
//     collections, or after one that holmes forces, at most once a minute
//     ([WithForcedGC]).
//   - A process that is killed with SIGKILL leaves its last ten minutes in a
//     black box in the dump path. The next Start tells of it, in an event of the
//     signal "process", if the end looks like nobody's wish: memory nearly full,
//     an event under way, or a crash ([WithCrashOutput]). On a container's own
//     disk this is lost with the container: use a volume.
//   - A goroutine profile costs some microseconds of CPU and up to a KB of
//     memory for each goroutine (BenchmarkCaptureNeeds). Above
//     [WithCaptureBudget] it is replaced by counts.
//   - The runtime's account of CPU time moves when a collection ends, so gccpu
//     is of the time between two ends, and late where they are far apart.
//   - A wait for a lock counts when it ends: mutexwait never sees a deadlock,
//     and is uneven with a few long waits. See the goroutine signal.
//   - A lock that has had a queue since before a signal with mutex profiles was
//     turned on is missing from them until the queue is empty once. So that
//     others are not, [runtime.SetMutexProfileFraction] is set to 1 in
//     1 000 003 while such a signal is on, and to 1 in 7 during its events,
//     unless the application has set it; Stop puts it back.
//   - [WithBlockProfile] sets a rate that the runtime does not tell, so it
//     cannot be put back to anything but 0.
//   - In a bubble of testing/synctest the runtime's profilers do not stop: give
//     [WithBaseline](0), [WithFlightRecorder]([RecorderOff]), and no CPU events.
//   - Where the limits of a parent group cannot be seen from inside a
//     container, percentages are of what can be seen.
//   - What is measured once a second can miss what kills within a second;
//     memory alone is watched more closely.
//
// # For developers
//
// The pipeline, one file per arrow:
//
//	signals.go -> lane.go -> ring.go -> rule.go -> inquiry.go -> dump/ -> internal/delivery -> reporters/
//
// Life cycle: [New] makes a [Holmes] and starts nothing. [Holmes.Start] makes a
// run, which owns every goroutine until [Holmes.Shutdown] has joined them.
// Options make a new config, which is immutable; the loop takes it over at the
// next tick. Samples flow to the right; only Stats and errors flow back.
//
//	holmes.go      New, Set, Start, Shutdown
//	run.go         from Start to Stop: the loop, every goroutine
//	crew.go        who has not returned yet
//	options*.go    what users may set; config.go what it becomes
//	signals.go     the table of signals; signal.go their types
//	meter.go       the built-in readings, memory.go and heap.go some of them;
//	               source.go those of users
//	strain.go      what the runtime says of its own work; gccpu.go, schedlat.go
//	               and mutexwait.go the signals of it
//	lane.go        one signal's step; view.go what others see of it
//	detector.go    warm-up, hold and cool-down of one rule on one ring
//	ring.go        the window; rule.go the rules; sentence.go their words
//	brake.go       of what goes on: edge, back-off and budget
//	inquiry.go     the life of an event; dossier.go putting it together
//	watch.go       memory between two ticks; forecast.go whether it runs out;
//	               rush.go the life of its events
//	capture.go     the table of profile kinds; cpu.go the one that lasts,
//	               holder.go who else takes it; trace.go the flight recorder;
//	               waits.go profiles that the runtime counts from its start on;
//	               wallclock.go a series of goroutine profiles;
//	               cost.go what they may cost, and did; goroutines.go counts
//	               instead of a profile
//	continuous.go  what is taken by timetable
//	baseline.go    looking at what is normal; normal.go what is known of it,
//	               normal_disk.go for the next start
//	evidence.go    to disk, or to memory
//	event.go       what leaves the process; event_json.go its stable form
//	readings.go    what was measured around it; groups.go of the cgroups
//	guard.go       between holmes and foreign code; logger.go one such way
//	blackbox.go    the last ten minutes, for the next run; previous.go reads
//	               those of the last
//	stats.go       what holmes saw, did, dropped and cost
//	now.go         CaptureNow
//	shrink.go      WithShrinkThread
//	compat*.go     what only mosn/holmes has
package holmes
