package holmes

import (
	"time"

	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/monitor"
)

// A row is a built-in signal. A signal that is not Enabled is off until the user turns
// it on.
type row struct {
	name Signal
	monitor.Signal
}

// Windows and holds are from recorded series: see "Choosing a rule" in the package
// documentation. Thresholds and cool-downs are those of mosn/holmes.
const (
	fastWindow  = 10 * time.Minute
	percentHold = 15 * time.Second
	countHold   = 3 * time.Second
	slowWindow  = 6 * time.Hour
	slowHold    = 10 * time.Minute
)

// builtin is the table of built-in signals, in the order of Stats.
var builtin = []row{
	{
		name: SignalCPU, Signal: monitor.Signal{
			Enabled: true, Read: (*measure.Meter).CPUPercent,
			Rule: Threshold{
				Min: 10, Diff: 25, Abs: 70, Margin: 10,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Kinds: []Kind{KindCPU, KindTrace}, Context: []Kind{KindHeap},
		},
	},
	{
		name: SignalMem, Signal: monitor.Signal{
			Enabled: true, Read: (*measure.Meter).MemPercent,
			Rule: Threshold{
				Min: 10, Diff: 25, Abs: 80, Margin: 10,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Slow:  Threshold{Min: 10, Diff: 25, Margin: 5, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
			Kinds: []Kind{KindHeap},
		},
	},
	{
		name: SignalGCHeap, Signal: monitor.Signal{
			Enabled: true, Read: (*measure.Meter).HeapPercent,
			Rule: Threshold{
				Min: 10, Diff: 20, Abs: 40, Margin: 10,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Kinds: []Kind{KindHeap},
		},
	},
	{
		name: SignalGoroutine, Signal: monitor.Signal{
			Enabled: true, Read: (*measure.Meter).GoroutineCount,
			Rule: Threshold{
				Min: 3000, Diff: 20, Abs: 200_000, Margin: 100,
				Window: fastWindow, Hold: countHold, CoolDown: 10 * time.Minute,
			},
			Slow:  Threshold{Min: 3000, Diff: 25, Margin: 100, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
			Kinds: []Kind{KindGoroutine, KindTrace}, Context: []Kind{KindGoroutine, KindHeap},
		},
	},
	{
		name: SignalThread, Signal: monitor.Signal{
			Enabled: true, Read: (*measure.Meter).ThreadCount,
			Rule: Threshold{
				Min: 10, Diff: 25, Abs: 70, Margin: 5,
				Window: fastWindow, Hold: countHold, CoolDown: time.Hour,
			},
			Kinds: []Kind{KindThreadcreate, KindGoroutine}, Context: []Kind{KindGoroutine},
		},
	},
	// The thresholds of the last three are from a JSON service on two cores. Each Min
	// is above the maximum of healthy operation, a full load of 64 clients included;
	// each Abs is below the minimum under a fault.
	{
		// Healthy: 0.3 to 15 %, and 18 % with GOGC=20 and a large heap. Faults: 33 to
		// 52 % with GOMEMLIMIT a fifth above the live heap and 67 to 83 % with it
		// nearer; 46 to 56 % beside a loop that only allocates.
		name: SignalGCCPU, Signal: monitor.Signal{
			Read: (*measure.Meter).GCCPU,
			Rule: Threshold{
				Min: 20, Diff: 25, Abs: 40, Margin: 10,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Kinds: []Kind{KindCPU, KindHeap},
		},
	},
	{
		// Healthy: 0.1 to 0.2 ms, and 2.4 to 4.7 ms with both cores full of short
		// requests. Faults: 92 to 185 ms beside 8 goroutines that compute and 800 ms
		// and more beside 64. A goroutine that computes is preempted after 10 ms, so a
		// wait of that length is for a whole time slice.
		name: SignalSchedLat, Signal: monitor.Signal{
			Read: (*measure.Meter).SchedLatency,
			Rule: Threshold{
				Min: 10, Diff: 100, Abs: 50, Margin: 10,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Kinds: []Kind{KindCPU, KindGoroutine, KindTrace}, Stacks: 50,
		},
	},
	{
		// Healthy: 0 to 0.02 s/s, 0.16 with a lock around a part of every request and
		// 0.4 at full load. Faults: 11 in the mean with 20 goroutines that hold one
		// lock for a second each, and 180 to 214 with 200 requests that queue for one.
		name: SignalMutexWait, Signal: monitor.Signal{
			Read: (*measure.Meter).MutexWait,
			Rule: Threshold{
				Min: 1, Diff: 100, Abs: 10, Margin: 1,
				Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
			},
			Kinds: []Kind{KindMutex, KindGoroutine}, Context: []Kind{KindGoroutine},
		},
	},
}

// rowOf returns the row of a built-in signal.
func rowOf(name Signal) (monitor.Signal, bool) {
	for _, r := range builtin {
		if r.name == name {
			return r.Signal, true
		}
	}
	return monitor.Signal{}, false
}

// DefaultRule returns the default rule of a built-in signal, for example to change a
// part of it for [WithRule], and its slow rule (see [WithSlowRules]). The slow rule is
// zero if the signal has none. Both are zero for a signal that is not built in.
func DefaultRule(s Signal) (fast, slow Threshold) {
	row, _ := rowOf(s)
	fast, _ = row.Rule.(Threshold)
	return fast, row.Slow
}
