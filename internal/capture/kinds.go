package capture

import (
	"io"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/measure"
)

// A Row is one kind of profile: how it is taken, and what that costs.
type Row struct {
	Write func(w io.Writer) error // nil for kinds that are recorded
	Needs func() uint64           // estimated bytes of memory while it is taken
	Takes func() time.Duration    // estimated CPU time; nil if that does not depend on the process
	// Cumulative is true for a profile of all that happened since the process
	// started. An event has what was added during the event.
	Cumulative bool
}

// Kinds is the table of kinds.
var Kinds = map[event.Kind]Row{
	event.KindCPU:          {Needs: func() uint64 { return baseBytes }},
	event.KindHeap:         {Write: lookup("heap"), Needs: heapNeeds},
	event.KindGoroutine:    {Write: lookup("goroutine"), Needs: goroutineNeeds, Takes: goroutineTakes},
	event.KindTrace:        {Needs: func() uint64 { return traceMemory }},
	event.KindThreadcreate: {Write: lookup("threadcreate"), Needs: func() uint64 { return baseBytes }},
	event.KindMutex:        {Write: lookup("mutex"), Needs: contentionNeeds("mutex"), Cumulative: true},
	event.KindBlock:        {Write: lookup("block"), Needs: contentionNeeds("block"), Cumulative: true},
}

// Estimated allocations of a capture: for the compressor and its buffers, and for each record.
// BenchmarkCaptureNeeds measures 1.3 MB, and for a goroutine 420 bytes at a depth of 3
// calls, 960 at 20 and 3000 at 60. The constants are higher, because the kernel kills
// a process that allocates more than it can.
const (
	baseBytes              = 2 << 20
	bytesPerGoroutine      = 350
	bytesPerHeapSite       = 1000
	bytesPerContentionSite = 3000
)

const (
	// maxTrace is the maximum size of a trace. Of a larger one the latest parts are
	// written.
	maxTrace = 8 << 20
	// traceMemory is what the recorder's ring and the parts in work may take.
	traceMemory = 3 * maxTrace
)

// timePerGoroutine is the CPU time of a goroutine profile for each goroutine: 2 to 7
// us at a depth of 3 calls, 4 to 10 us at 20, by the same benchmark.
const timePerGoroutine = 6 * time.Microsecond

// goroutineNeeds estimates from the size of the stacks, because the depth of the
// calls is not known before: it is 3.9, 3.0 and 1.0 times what was needed at depths of
// 3, 20 and 60 calls.
func goroutineNeeds() uint64 {
	stacks := measure.Uint64(measure.ReadMetric("/memory/classes/heap/stacks:bytes"))
	return baseBytes + uint64(runtime.NumGoroutine())*bytesPerGoroutine + stacks/8*5
}

func goroutineTakes() time.Duration {
	return time.Duration(runtime.NumGoroutine()) * timePerGoroutine
}

func heapNeeds() uint64 {
	sites, _ := runtime.MemProfile(nil, true)
	return baseBytes + uint64(sites)*bytesPerHeapSite
}

// contentionNeeds estimates two profiles and their difference: BenchmarkWaitNeeds
// measures 4 MB, and 2.1 KB for a stack of 20 to 40 calls.
func contentionNeeds(name string) func() uint64 {
	return func() uint64 { return 2*baseBytes + uint64(pprof.Lookup(name).Count())*bytesPerContentionSite }
}

// lookup takes a profile of runtime/pprof in the debug=0 form, as a stream. The debug=2
// form of goroutines would stop the world for seconds.
func lookup(name string) func(io.Writer) error {
	return func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, 0) }
}
