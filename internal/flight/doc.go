// Package flight shares the one flight recorder that a Go process may have:
// the ring of the last seconds of its execution trace.
//
// A [Broker] runs [runtime/trace.FlightRecorder] while any session is armed. Each
// session writes the content of the ring with [Session.WriteTo].
//
// # What coexists
//
// The runtime accepts one flight recorder and, beside it, one [trace.Start]; each
// gets its own complete trace. While the application has a flight recorder of its
// own, [Broker.Arm] fails with [ErrBusy]; while this one is armed, the application's
// does not start. So it is armed on suspicion, at most a tenth of any hour, unless
// the user wants otherwise.
//
// A call of trace.Stop without a trace.Start ends this recorder too, since the
// runtime only counts its users. The broker notices within 50 ms and stops the
// recorder ([ErrEnded]). If the process begins a trace of its own within these 50 ms,
// that trace ends early.
//
// # What it costs
//
// About 20 ns of CPU for each byte of trace. Goroutines that pass messages as
// fast as they can write 33 MB/s and run at 0.44 of their speed (BenchmarkCost);
// an HTTP server that fully uses two cores writes 6 to 9 MB/s, and takes a
// fifth more CPU for a request. Even in an idle process each goroutine costs 0.75 us
// and 17 bytes whenever the runtime begins a new part of the trace, which is every
// second, and again when the ring is written or measured (BenchmarkMeasure).
//
// The runtime does not report how much it has traced, and its limits for the ring
// hold only between the parts. So the broker measures: 50 ms after the recorder was
// armed, then at growing intervals up to a second, it has the recorder write to a
// counter. In between it polls the allocation counters of the process every 50 ms.
// They grow by no less than the trace does, and the broker measures at once when they
// have grown by half the ring. A trace that grows faster than a session allows ends
// that session with [ErrCostly], and no session is armed again for a while.
//
// # What blocks
//
// Start, Stop and WriteTo wait for the runtime to finish a part of the trace.
// That takes from 0.2 ms to, with 100 000 goroutines, 0.1 s, and does not stop
// the world; starting does, once, for some 0.1 ms. But all of them also wait for
// the writer that the application gave to trace.Start: if it blocks, they block for
// ever. Therefore they run in a goroutine of the broker, one at a time, and every
// call here takes a context and returns when it ends. The goroutine stays until the
// runtime answers; then it stops the recorder, unless a session is still armed.
//
// # File map
//
//	broker.go    Broker: sessions, limits, costs
//	session.go   Session: what Arm returns; WriteTo
//	settings.go  what a session asks for
//	worker.go    the goroutine that calls the recorder
//	meter.go     the rate of the trace
//	parts.go     the parts of a trace
//	recorder.go  runtime/trace
package flight
