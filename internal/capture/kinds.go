package capture

import (
	"io"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/measure"
)

// A Row is one kind of profile: how it is taken, and what that needs.
type Row struct {
	Write func(w io.Writer) error // nil for kinds that are recorded
	Needs func() uint64           // bytes of memory while it is taken
	Takes func() time.Duration    // of CPU time; nil if that does not depend on the process
	// Counts is true for a profile of all since the process began, of which an
	// event has what was added.
	Counts bool
}

// Kinds is the table of kinds.
var Kinds = map[event.Kind]Row{
	event.KindCPU:          {Needs: func() uint64 { return baseBytes }},
	event.KindHeap:         {Write: lookup("heap"), Needs: heapNeeds},
	event.KindGoroutine:    {Write: lookup("goroutine"), Needs: goroutineNeeds, Takes: goroutineTakes},
	event.KindTrace:        {Needs: func() uint64 { return traceMemory }},
	event.KindThreadcreate: {Write: lookup("threadcreate"), Needs: func() uint64 { return baseBytes }},
	event.KindMutex:        {Write: lookup("mutex"), Needs: contentionNeeds("mutex"), Counts: true},
	event.KindBlock:        {Write: lookup("block"), Needs: contentionNeeds("block"), Counts: true},
}

// What a capture allocates: the compressor and its buffers, and per record.
// BenchmarkCaptureNeeds measures 1.3 MB, and for a goroutine 420 bytes at a
// depth of 3 calls, 960 at 20 and 3000 at 60; these are more, because the kernel
// would be the one to find out about too little.
const (
	baseBytes              = 2 << 20
	bytesPerGoroutine      = 350
	bytesPerHeapSite       = 1000
	bytesPerContentionSite = 3000
)

const (
	// maxTrace bounds the trace of an event: of a larger one the latest parts
	// are written.
	maxTrace = 8 << 20
	// traceMemory is what the recorder's ring and the parts that it works on
	// may take.
	traceMemory = 3 * maxTrace
)

// timePerGoroutine is what a whole profile takes: 2 to 7 us at a depth of 3
// calls, 4 to 10 us at 20, by the same benchmark.
const timePerGoroutine = 6 * time.Microsecond

// goroutineNeeds goes by the size of the stacks, since the depth of the calls
// in them is not known before: 3.9, 3.0 and 1.0 times what was needed at depths
// of 3, 20 and 60 calls.
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

// contentionNeeds is for two profiles and their difference: BenchmarkWaitNeeds
// measures 4 MB, and 2.1 KB a stack of 20 to 40 calls.
func contentionNeeds(name string) func() uint64 {
	return func() uint64 { return 2*baseBytes + uint64(pprof.Lookup(name).Count())*bytesPerContentionSite }
}

// lookup takes a profile of runtime/pprof in the debug=0 form, streamed. The
// debug=2 form of goroutines would stop the world for seconds.
func lookup(name string) func(io.Writer) error {
	return func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, 0) }
}
