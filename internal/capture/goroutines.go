package capture

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// estimateSites estimates the cost of counting goroutines, which does not keep,
// symbolize or compress stacks. BenchmarkCaptureNeeds measures 450 bytes and 2 us for
// a goroutine at depths up to 20 calls.
func estimateSites() estimate {
	n := runtime.NumGoroutine()
	return estimate{bytes: baseBytes/4 + uint64(n)*550, time: time.Duration(n) * 2 * time.Microsecond}
}

// maxSites is how many functions are listed, those with the most goroutines.
const maxSites = 20

// countGoroutines adds to the readings how many goroutines were started with which
// function, in place of a profile that costs too much.
func (e *Evidence) countGoroutines() {
	if err := e.affords(estimateSites()); err != nil {
		return // the readings have their states anyway
	}
	e.capture(func() { e.Sites = GoroutineSites() })
	e.Event.Readings.GoroutineSites = e.Sites
}

// GoroutineSites counts goroutines by the function that they were started with.
func GoroutineSites() []event.GoroutineSite {
	var records []runtime.StackRecord
	for {
		// With room for goroutines that start meanwhile.
		records = make([]runtime.StackRecord, runtime.NumGoroutine()*11/10+10)
		if n, ok := runtime.GoroutineProfile(records); ok {
			records = records[:n]
			break
		}
	}
	entries := map[uintptr]int{}
	for i := range records {
		entries[rootOf(records[i].Stack())]++
	}
	counts := map[string]int{}
	for pc, n := range entries {
		counts[functionAt(pc)] += n
	}
	// The names are sorted, and not the sites: slices.SortFunc adds some 20 KB of code
	// for each struct type, and none for strings, which net/http sorts as well.
	names := slices.Collect(maps.Keys(counts))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	out := make([]event.GoroutineSite, min(len(names), maxSites))
	for i := range out {
		out[i] = event.GoroutineSite{Function: names[i], Count: counts[names[i]]}
	}
	return out
}

// rootOf returns the outermost call of a stack below runtime.goexit, or of the part
// of a deep stack that was recorded.
func rootOf(stack []uintptr) uintptr {
	for _, pc := range slices.Backward(stack) {
		if f := runtime.FuncForPC(pc - 1); f == nil || f.Name() != "runtime.goexit" {
			return pc
		}
	}
	return 0
}

// functionAt returns the outermost function of a call, inlined calls considered.
func functionAt(pc uintptr) string {
	last := ""
	frames := runtime.CallersFrames([]uintptr{pc})
	for {
		f, more := frames.Next()
		last = cmp.Or(f.Function, last)
		if !more {
			return cmp.Or(last, "unknown")
		}
	}
}
