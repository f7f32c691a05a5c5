package capture

import (
	"io"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/go-holmes/holmes/event"
)

// A Row is one kind of profile: how it is taken, and what that costs.
type Row struct {
	Write func(w io.Writer) error // nil for kinds that are recorded
	Needs func() uint64           // estimated bytes of memory while it is taken
	Most  func() uint64           // the same in the worst case; nil if that is not more
	Takes func() time.Duration    // estimated CPU time; nil if that does not depend on the process
	// Cumulative is true for a profile of all that happened since the process
	// started. An event has what was added during the event.
	Cumulative bool
}

// Kinds is the table of kinds.
var Kinds = map[event.Kind]Row{
	event.KindCPU:          {Needs: func() uint64 { return baseBytes }},
	event.KindHeap:         {Write: lookup("heap"), Needs: heapNeeds},
	event.KindGoroutine:    {Write: lookup("goroutine"), Needs: goroutineNeeds, Most: goroutineMost, Takes: goroutineTakes},
	event.KindTrace:        {Needs: func() uint64 { return traceMemory }},
	event.KindThreadcreate: {Write: lookup("threadcreate"), Needs: func() uint64 { return baseBytes }},
	event.KindMutex:        {Write: lookup("mutex"), Needs: contentionNeeds("mutex"), Cumulative: true},
	event.KindBlock:        {Write: lookup("block"), Needs: contentionNeeds("block"), Cumulative: true},
}

// Estimated allocations of a capture: for the compressor and its buffers, and for each
// record; learn.go has those of goroutines. BenchmarkCaptureNeeds measures 1.3 MB. The
// constants are higher, because the kernel kills a process that allocates more than it
// can.
const (
	baseBytes              = 2 << 20
	bytesPerContentionSite = 3000
)

// The memory of a heap profile is for its sites, and for the locations that their
// stacks share: 304 bytes for each of 131 072 stacks of 49 locations, and 330 for each of
// 272 360 stacks of 2590, with the locations, where a program checks the types of the
// standard library. A small service has as many locations as sites.
const (
	bytesPerHeapSite = 350
	bytesPerLocation = 700
	maxLocations     = 16 << 10
)

const (
	// maxTrace is the maximum size of a trace. Of a larger one the latest parts are
	// written.
	maxTrace = 8 << 20
	// traceMemory is what the recorder's ring and the parts in work may take.
	traceMemory = 3 * maxTrace
)

func heapNeeds() uint64 {
	sites, _ := runtime.MemProfile(nil, true)
	return baseBytes + uint64(sites)*bytesPerHeapSite + uint64(min(sites, maxLocations))*bytesPerLocation
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
