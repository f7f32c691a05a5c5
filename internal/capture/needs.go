package capture

import (
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/go-holmes/holmes/internal/measure"
)

// Estimated allocations of a capture: for the compressor and its buffers, and for each
// record. BenchmarkCaptureNeeds measures 1.3 MB. The constants are higher, because the
// kernel kills a process that allocates more than it can.
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

// The memory of a goroutine profile, by what runtime/pprof allocates in
// writeRuntimeProfile and printCountProfile: for each goroutine a record of 24 bytes,
// a label of 8 and the strings of its key, and for each frame a word in the record, a
// word for fmt, and 11 bytes of a key that doubles as it grows. BenchmarkCaptureNeeds
// measures 240 bytes for a goroutine with 4 frames, 940 with 24, 3000 with 64.
const (
	bytesPerGoroutine = 300
	bytesPerFrame     = 50
	// likelyFrames is assumed before the first profile: a connection of net/http
	// that waits for a request has 13.
	likelyFrames = 14
	// timePerGoroutine is the CPU time for each goroutine, assumed before the first
	// profile: 2 to 7 us with 7 frames, 4 to 10 us with 24, by the same benchmark.
	timePerGoroutine = 6 * time.Microsecond
)

func goroutineBytes(n int, frames float64) uint64 {
	return baseBytes + uint64(float64(n)*(bytesPerGoroutine+bytesPerFrame*frames))
}

func goroutineNeeds() uint64 { return goroutineBytes(runtime.NumGoroutine(), likelyFrames) }

// goroutineMost takes the stacks for full of small frames, because the depth of the
// calls is not known.
func goroutineMost() uint64 {
	stacks := measure.Uint64(measure.ReadMetric("/memory/classes/heap/stacks:bytes"))
	return baseBytes + uint64(runtime.NumGoroutine())*bytesPerGoroutine + stacks/8*5
}

func goroutineTakes() time.Duration {
	return time.Duration(runtime.NumGoroutine()) * timePerGoroutine
}

func heapNeeds() uint64 {
	sites, _ := runtime.MemProfile(nil, true)
	return baseBytes + uint64(sites)*bytesPerHeapSite + uint64(min(sites, maxLocations))*bytesPerLocation
}

// contentionNeeds estimates two profiles and their difference: BenchmarkWaitNeeds
// measures 4 MB, and 2.1 KB for a stack of 20 to 40 calls.
func contentionNeeds(name string) func() uint64 {
	return func() uint64 { return 2*baseBytes + uint64(pprof.Lookup(name).Count())*bytesPerContentionSite }
}

// firstHeapTime and timePerHeapSite are the estimate before the first heap profile:
// several times what it takes in a small service, and 2.5 us for each stack of 20 calls.
const (
	firstHeapTime   = 20 * time.Millisecond
	timePerHeapSite = 3 * time.Microsecond
)

func heapTakes() time.Duration {
	sites, _ := runtime.MemProfile(nil, true)
	return firstHeapTime + time.Duration(sites)*timePerHeapSite
}
