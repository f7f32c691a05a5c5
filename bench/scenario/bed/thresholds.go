package bed

import (
	"time"

	"github.com/go-holmes/holmes"
)

// memoryLimit is the limit that percentages of memory refer to.
const memoryLimit = 1 << 30

// coolDown is short, so that an event before the fault does not hide it.
const coolDown = 5 * time.Second

// thresholds are the options that differ from the defaults, the same in all scenarios.
// The holds are shorter and there is no grace, so that a run is short too. The shop has some hundred
// goroutines and some ten threads, for which the default rules would never fire, or at
// every small change.
func thresholds() []holmes.Option {
	return []holmes.Option{
		holmes.WithMemoryLimit(memoryLimit),
		holmes.WithGrace(0),
		holmes.WithDailyBudget(100), // all of a run is soon after a start
		holmes.WithRule(holmes.SignalCPU, holmes.Threshold{
			Min: 10, Diff: 25, Abs: 85, Margin: 10, Hold: 3 * time.Second, CoolDown: coolDown,
		}),
		holmes.WithRule(holmes.SignalMem, holmes.Threshold{
			Min: 10, Diff: 25, Abs: 80, Margin: 10, Hold: 3 * time.Second, CoolDown: coolDown,
		}),
		holmes.WithRule(holmes.SignalGCHeap, holmes.Threshold{
			Min: 10, Diff: 20, Abs: 40, Margin: 8, Hold: 3 * time.Second, CoolDown: coolDown,
		}),
		holmes.WithRule(holmes.SignalGoroutine, holmes.Threshold{
			Min: 100, Diff: 20, Margin: 100, Hold: 3 * time.Second, CoolDown: coolDown,
		}),
		holmes.WithRule(holmes.SignalThread, holmes.Threshold{
			Min: 10, Diff: 25, Margin: 10, Hold: 3 * time.Second, CoolDown: coolDown,
		}),
	}
}
