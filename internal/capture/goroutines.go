package capture

import (
	"cmp"
	"runtime"
	"slices"
	"sort"
	"time"

	"github.com/go-holmes/holmes/event"
)

// siteCost is what a count of goroutines costs: their stacks are not kept,
// symbolized or compressed. BenchmarkCaptureNeeds measures 450 bytes and 2 us
// at depths up to 20 calls.
func siteCost() cost {
	n := runtime.NumGoroutine()
	return cost{baseBytes/4 + uint64(n)*550, time.Duration(n) * 2 * time.Microsecond}
}

// maxSites is how many functions are named, those with the most goroutines.
const maxSites = 20

// countGoroutines adds to the readings how many goroutines were started with
// which function, where a whole profile costs too much.
func (e *Evidence) countGoroutines() {
	if err := e.affords(siteCost()); err != nil {
		return // their states are in the readings all the same
	}
	e.spend(func() { e.Sites = GoroutineSites() })
	e.Event.Readings.GoroutineSites = e.Sites
}

// GoroutineSites counts goroutines by the function that they were started with.
func GoroutineSites() []event.GoroutineSite {
	var records []runtime.StackRecord
	for {
		// Some more, for those that begin meanwhile.
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
	out := make([]event.GoroutineSite, 0, len(counts))
	for name, n := range counts {
		out = append(out, event.GoroutineSite{Function: name, Count: n})
	}
	// Not slices.SortFunc, which brings some 20 KB of code for each struct.
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Function, b.Function)) < 0
	})
	return out[:min(len(out), maxSites)]
}

// rootOf is the outermost call of a stack that is the program's own. A stack
// that is cut off counts under the outermost call that can be seen.
func rootOf(stack []uintptr) uintptr {
	for _, pc := range slices.Backward(stack) {
		if f := runtime.FuncForPC(pc - 1); f == nil || f.Name() != "runtime.goexit" {
			return pc
		}
	}
	return 0
}

// functionAt names what a call belongs to, inlined or not.
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
