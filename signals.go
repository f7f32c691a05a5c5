package holmes

import (
	"time"

	"github.com/go-holmes/holmes/internal/measure"
)

// A row is a built-in signal: all that holmes knows of it.
type row struct {
	signal Signal
	read   func(m *measure.Meter, c *measure.Config) (value, limit float64, err error)
	rule   Threshold
	slow   Threshold // on one sample a minute; Diff 0 where there is none
	kinds  []Kind
	off    bool    // until the user turns it on
	stacks float64 // see WithWallClockStacks
	// context is taken at the verdict, for the diagnosis: who allocates what is
	// collected, and which goroutines have become more since the suspicion.
	context []Kind
}

// The figures are from recorded series: see "Choosing a rule" in the package
// documentation. Thresholds and cool-downs are those of mosn/holmes.
const (
	fastWindow  = 10 * time.Minute
	percentHold = 15 * time.Second
	countHold   = 3 * time.Second
	slowWindow  = 6 * time.Hour
	slowHold    = 10 * time.Minute
	slowEvery   = time.Minute
)

// builtin is the table of signals. Its order is that of the lanes.
var builtin = []row{
	{
		signal: SignalCPU, read: (*measure.Meter).CPUPercent,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 70, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindCPU, KindTrace}, context: []Kind{KindHeap},
	},
	{
		signal: SignalMem, read: (*measure.Meter).MemPercent,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 80, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		slow:  Threshold{Min: 10, Diff: 25, Margin: 5, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
		kinds: []Kind{KindHeap},
	},
	{
		signal: SignalGCHeap, read: (*measure.Meter).HeapPercent,
		rule: Threshold{
			Min: 10, Diff: 20, Abs: 40, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindHeap},
	},
	{
		signal: SignalGoroutine, read: (*measure.Meter).GoroutineCount,
		rule: Threshold{
			Min: 3000, Diff: 20, Abs: 200_000, Margin: 100,
			Window: fastWindow, Hold: countHold, CoolDown: 10 * time.Minute,
		},
		slow:  Threshold{Min: 3000, Diff: 25, Margin: 100, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
		kinds: []Kind{KindGoroutine, KindTrace}, context: []Kind{KindGoroutine, KindHeap},
	},
	{
		signal: SignalThread, read: (*measure.Meter).ThreadCount,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 70, Margin: 5,
			Window: fastWindow, Hold: countHold, CoolDown: time.Hour,
		},
		kinds: []Kind{KindThreadcreate, KindGoroutine}, context: []Kind{KindGoroutine},
	},
	// The figures of the last three are from a JSON service on two cores. Each
	// Min is above the most that was seen while it worked as it should, a full
	// load of 64 clients included; each Abs is below the least that was seen
	// when it did not.
	{
		// At work 0.3 to 15 %, and 18 % with GOGC=20 and a large heap; 33 to 52 %
		// with GOMEMLIMIT a fifth above the live heap and 67 to 83 % with it
		// nearer; 46 to 56 % beside a loop that does nothing but allocate.
		signal: SignalGCCPU, off: true, read: (*measure.Meter).GCCPU,
		rule: Threshold{
			Min: 20, Diff: 25, Abs: 40, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindCPU, KindHeap},
	},
	{
		// At work 0.1 to 0.2 ms, and 2.4 to 4.7 ms with both cores full of short
		// requests; 92 to 185 ms beside 8 goroutines that compute and 800 ms
		// and more beside 64. One that computes is stopped after 10 ms: whoever
		// waits for that long has waited for a whole turn of another.
		signal: SignalSchedLat, off: true, read: (*measure.Meter).SchedLatency,
		rule: Threshold{
			Min: 10, Diff: 100, Abs: 50, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindCPU, KindGoroutine, KindTrace}, stacks: 50,
	},
	{
		// At work 0 to 0.02 s/s, 0.16 with a lock around a part of every request
		// and 0.4 at full load; 11 in the mean with 20 goroutines that hold one
		// lock for a second each, and 180 to 214 when 200 requests queue for one.
		signal: SignalMutexWait, off: true, read: (*measure.Meter).MutexWait,
		rule: Threshold{
			Min: 1, Diff: 100, Abs: 10, Margin: 1,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindMutex, KindGoroutine}, context: []Kind{KindGoroutine},
	},
}

func rowOf(s Signal) row {
	for _, r := range builtin {
		if r.signal == s {
			return r
		}
	}
	return row{}
}
