package holmes

import "time"

// A row is a built-in signal: all that holmes knows of it.
type row struct {
	signal Signal
	read   func(m *meter, c *config) (value, limit float64, err error)
	rule   Threshold
	slow   Threshold // on one sample a minute; Diff 0 where there is none
	kinds  []Kind
}

// The figures are from recorded series: see "Choosing a rule" in the package
// documentation. Thresholds and cool-downs are those of mosn/holmes.
const (
	fastWindow  = 2 * time.Minute
	percentHold = 15 * time.Second
	countHold   = 3 * time.Second
	slowWindow  = 6 * time.Hour
	slowHold    = 10 * time.Minute
	slowEvery   = time.Minute
)

// builtin is the table of signals. Its order is that of the lanes.
var builtin = []row{
	{
		signal: SignalCPU, read: (*meter).cpuPercent,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 70, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindCPU, KindTrace},
	},
	{
		signal: SignalMem, read: (*meter).memPercent,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 80, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		slow:  Threshold{Min: 10, Diff: 25, Margin: 5, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
		kinds: []Kind{KindHeap},
	},
	{
		signal: SignalGCHeap, read: (*meter).heapPercent,
		rule: Threshold{
			Min: 10, Diff: 20, Abs: 40, Margin: 10,
			Window: fastWindow, Hold: percentHold, CoolDown: time.Minute,
		},
		kinds: []Kind{KindHeap},
	},
	{
		signal: SignalGoroutine, read: (*meter).goroutineCount,
		rule: Threshold{
			Min: 3000, Diff: 20, Abs: 200_000, Margin: 100,
			Window: fastWindow, Hold: countHold, CoolDown: 10 * time.Minute,
		},
		slow:  Threshold{Min: 3000, Diff: 25, Margin: 100, Window: slowWindow, Hold: slowHold, CoolDown: time.Hour},
		kinds: []Kind{KindGoroutine, KindTrace},
	},
	{
		signal: SignalThread, read: (*meter).threadCount,
		rule: Threshold{
			Min: 10, Diff: 25, Abs: 70, Margin: 5,
			Window: fastWindow, Hold: countHold, CoolDown: time.Hour,
		},
		kinds: []Kind{KindThreadcreate, KindGoroutine},
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
