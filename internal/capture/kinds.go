package capture

import (
	"io"
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

const (
	// maxTrace is the maximum size of a trace. Of a larger one the latest parts are
	// written.
	maxTrace = 8 << 20
	// traceMemory is what the recorder's ring and the parts in work may take.
	traceMemory = 3 * maxTrace
)

// lookup takes a profile of runtime/pprof in the debug=0 form, as a stream. The debug=2
// form of goroutines would stop the world for seconds.
func lookup(name string) func(io.Writer) error {
	return func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, 0) }
}
