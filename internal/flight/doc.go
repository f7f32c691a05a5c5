// Package flight shares the one flight recorder that a Go process may have:
// the ring of the last seconds of its execution trace.
//
// A [Broker] runs [runtime/trace.FlightRecorder] for as long as anyone has it
// armed. Each member writes what is in the ring with [Session.WriteTo].
//
// # What coexists
//
// The runtime takes one flight recorder and, beside it, one [trace.Start]: the
// two get along, and each gets its own whole trace. While the application has a
// flight recorder of its own, [Broker.Arm] fails with [ErrBusy]; while ours is
// armed, the application's does not start. So it is armed on suspicion, at most
// a tenth of any hour, unless the user wants otherwise.
//
// A call of trace.Stop that belongs to no trace.Start ends our recorder too,
// as the runtime counts its users without asking who they are. The broker
// notices within 50 ms and puts the recorder away ([ErrEnded]). In a
// process that does so and begins a trace of its own within these 50 ms, that
// trace would end early.
//
// # What it costs
//
// About 20 ns of CPU for each byte of trace. Goroutines that pass messages as
// fast as they can write 33 MB/s and run at 0.44 of their speed (BenchmarkCost);
// an HTTP server that two cores are just enough for writes 6 to 9 MB/s, and
// takes a fifth more CPU for a request. Even an idle process pays for every
// goroutine, 0.75 us and 17 bytes each time the runtime begins a new part of the
// trace, which is every second, and again when the ring is written or measured
// (BenchmarkMeasure).
//
// The runtime does not say how much it has traced, and its limits for the ring
// hold only between the parts. So the broker measures: 50 ms after it was armed,
// then less and less often, at last every second, it has the recorder write to
// nowhere and counts. In between it looks every 50 ms at the process's
// allocation counters, which grow by no less than the trace does, and measures
// at once when they have grown by half the ring. What writes more than a session
// allows stands that session down, with [ErrCostly], and nobody is armed again
// for a while.
//
// # What blocks
//
// Start, Stop and WriteTo wait for the runtime to finish a part of the trace.
// That takes from 0.2 ms to, with 100 000 goroutines, 0.1 s, and does not stop
// the world; starting does, once, for some 0.1 ms. But all of them also wait for
// the writer that the application gave to trace.Start: if that one blocks, so do
// they, for ever. Therefore they run in a goroutine of the broker, one at a
// time, and every call here takes a context and gives up with it. The goroutine
// stays until the runtime answers; then it stops the recorder, unless somebody
// has it armed still.
//
// # File map
//
//	broker.go    Broker: who is in, who may, what it has cost
//	session.go   Session: Arm's other side; WriteTo
//	settings.go  what a session asks for
//	hand.go      the goroutine that has the recorder
//	meter.go     how much is traced
//	parts.go     where a trace may be cut
//	recorder.go  runtime/trace
package flight
