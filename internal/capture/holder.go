package capture

import (
	"runtime"
	"strings"
)

// holders are the profilers that services run beside holmes, by functions that are on
// a stack while they profile.
var holders = []struct{ prefix, name string }{
	{"net/http/pprof.Profile", "net/http/pprof"},
	{"github.com/grafana/pyroscope-go", "pyroscope-go"},
	{"gopkg.in/DataDog/dd-trace-go", "Datadog's profiler"},
	{"github.com/DataDog/dd-trace-go", "Datadog's profiler"},
	{"cloud.google.com/go/profiler", "Google's profiler"},
	{"go.elastic.co/apm", "Elastic's agent"},
	{"github.com/profefe/profefe", "profefe's agent"},
	{"mosn.io/holmes", "mosn/holmes"},
}

const unknownHolder = "the application or another profiler"

// cpuHolder returns the name of the program part that uses the CPU profiler, from the
// stacks of all goroutines, unless those are too many.
func (t *Taker) cpuHolder() string {
	if t.affords(estimateSites()) != nil {
		return unknownHolder
	}
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+100)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return unknownHolder
	}
	best := len(holders)
	for i := range records[:n] {
		frames := runtime.CallersFrames(records[i].Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			best = min(best, holderOf(f.Function))
		}
	}
	if best == len(holders) {
		return unknownHolder
	}
	return holders[best].name
}

// holderOf returns the index of a function in the table, or the table's length.
func holderOf(function string) int {
	for i, h := range holders {
		if strings.HasPrefix(function, h.prefix) {
			return i
		}
	}
	return len(holders)
}
