package values

import (
	"time"

	"github.com/go-holmes/holmes/detect"
)

// inputs are what a signal is computed from.
type inputs struct {
	now, before Page // before is nil for the first page of a process
	over        time.Duration
	limits      Limits
	live        float64 // live heap in bytes, 0 if unknown
}

// A row is one signal: compute returns its value and limit, or what is missing.
type row struct {
	signal  detect.Signal
	compute func(i *inputs) (value, limit float64, missing string)
}

// table returns the signals.
func table() []row {
	return []row{
		{detect.SignalCPU, cpu},
		{detect.SignalMem, mem},
		{detect.SignalGCHeap, gcHeap},
		{detect.SignalGoroutine, count(goroutines)},
		{detect.SignalThread, count(threads)},
		{detect.SignalGCCPU, gcCPU},
	}
}

// noLimit is the value of GOMEMLIMIT that stands for none, as a float64.
const noLimit = 1 << 62

const (
	second   = "the second reading is missing"
	noMemory = "no limit is known: set GOMEMLIMIT, or memory_bytes of the job"
)

// growth returns how much a counter has grown.
func (i *inputs) growth(name string) (float64, string) {
	now, ok := i.now[name]
	switch {
	case !ok:
		return 0, name + " is missing"
	case i.before == nil || i.over <= 0:
		return 0, second
	}
	before, ok := i.before[name]
	if !ok {
		return 0, second
	}
	return max(now-before, 0), ""
}

func cpu(i *inputs) (value, limit float64, missing string) {
	used, missing := i.growth(cpuSeconds)
	if missing != "" {
		return 0, 0, missing
	}
	cores, _ := i.cores()
	if cores == 0 {
		return 0, 0, maxProcs + " is missing: set cores of the job"
	}
	return used / i.over.Seconds() / cores * 100, cores, ""
}

func mem(i *inputs) (value, limit float64, missing string) {
	used, ok := i.now[residentSize]
	if !ok {
		return 0, 0, residentSize + " is missing"
	}
	return percent(i, used)
}

func gcHeap(i *inputs) (value, limit float64, missing string) {
	if i.live == 0 {
		return 0, 0, heapAlloc + " is missing"
	}
	return percent(i, i.live)
}

// percent returns bytes in percent of the limit of memory.
func percent(i *inputs, used float64) (value, limit float64, missing string) {
	limit, _ = i.memory()
	if limit == 0 {
		return 0, 0, noMemory
	}
	return used / limit * 100, limit, ""
}

func count(name string) func(*inputs) (float64, float64, string) {
	return func(i *inputs) (value, limit float64, missing string) {
		v, ok := i.now[name]
		if !ok {
			return 0, 0, name + " is missing"
		}
		return v, 0, ""
	}
}

// gcCPU is the time of the collector in percent of the CPU time in use, or of a tenth of
// the cores if less is in use, as in process.
func gcCPU(i *inputs) (value, limit float64, missing string) {
	var grown [3]float64
	for n, name := range []string{gcSeconds, allSeconds, idleSeconds} {
		if grown[n], missing = i.growth(name); missing != "" {
			return 0, 0, missing
		}
	}
	gc, all, idle := grown[0], grown[1], grown[2]
	if all <= 0 {
		return 0, 0, second
	}
	return min(gc/max(all-idle, all/10)*100, 100), 0, ""
}
