package flight

import (
	"io"
	"runtime"
	"runtime/metrics"
	"runtime/trace"
	"time"
)

// A Recorder is what the broker runs: runtime/trace, or a fake in tests. One
// goroutine at a time calls it, except for Predict.
type Recorder interface {
	// Start begins to record, and fails while another flight recorder does.
	Start(minAge time.Duration, maxBytes uint64) error
	// Stop ends it.
	Stop()
	// WriteTo writes what is recorded, each batch of the trace in a call of its
	// own.
	WriteTo(w io.Writer) (int64, error)
	// Alive is false when the application has stopped it.
	Alive() bool
	// Bound is a cheap counter of bytes. It grows by no less than the trace does,
	// except for data that is still buffered.
	Bound() uint64
	// Predict returns the bytes per second that the process would trace if it
	// were idle.
	Predict() float64
}

// Runtime is the process's own recorder. The zero value is ready.
type Runtime struct {
	recorder *trace.FlightRecorder
	samples  []metrics.Sample
}

// Start starts it. It stops the world once, for some 0.1 ms.
func (r *Runtime) Start(minAge time.Duration, maxBytes uint64) error {
	r.recorder = trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: minAge, MaxBytes: maxBytes})
	return r.recorder.Start()
}

// Stop stops it and lets go of the ring.
func (r *Runtime) Stop() { r.recorder.Stop() }

// WriteTo ends the current part of the trace and writes what the ring holds.
func (r *Runtime) WriteTo(w io.Writer) (int64, error) { return r.recorder.WriteTo(w) }

// Alive reports whether any trace is running.
func (r *Runtime) Alive() bool { return trace.IsEnabled() }

// Bound adds up the memory that the recorder and the runtime allocate their buffers
// from.
func (r *Runtime) Bound() (sum uint64) {
	if r.samples == nil {
		r.samples = append(r.samples, metrics.Sample{Name: "/gc/heap/allocs:bytes"}, metrics.Sample{Name: "/memory/classes/other:bytes"})
	}
	metrics.Read(r.samples)
	for _, s := range r.samples {
		if s.Value.Kind() == metrics.KindUint64 {
			sum += s.Value.Uint64()
		}
	}
	return sum
}

// nanosPerByte is what a byte of events costs in CPU time: 17 ns for messages
// between goroutines, 19 for a busy HTTP server.
const nanosPerByte = 20

// The state of a goroutine that does nothing is 17 bytes, but 750 ns, in each
// part of the trace; and there are two parts a second, one of the runtime and one
// of the measurement.
const (
	nanosPerGoroutine = 750
	partsPerSecond    = 2
)

// Predict returns the bytes of events that would cost as much as the states of all
// goroutines do.
func (r *Runtime) Predict() float64 {
	return float64(runtime.NumGoroutine()) * nanosPerGoroutine * partsPerSecond / nanosPerByte
}

// RateFor returns the bytes of trace per second that cost a share of so many
// cores: 0.05 of 2 is 5 MB/s.
func RateFor(share float64, cores int) float64 {
	return share * float64(cores) * float64(time.Second) / nanosPerByte
}
