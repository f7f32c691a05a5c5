package bed

import (
	"time"

	"github.com/go-holmes/holmes"
)

// memoryLimit is what percentages of memory are of.
const memoryLimit = 1 << 30

// rest is short, so that an event before the fault does not hide it.
const rest = 5 * time.Second

// thresholds are what is not as it is by default, and the same in all
// scenarios. The holds are shorter, so that a run is too. The shop has some
// hundred goroutines and some ten threads, of which the default rules would not
// speak at all, or at every second one more.
func thresholds() []holmes.Option {
	return []holmes.Option{
		holmes.WithMemoryLimit(memoryLimit),
		holmes.WithRule(holmes.SignalCPU, holmes.Threshold{
			Min: 10, Diff: 25, Abs: 85, Margin: 10, Hold: 3 * time.Second, CoolDown: rest,
		}),
		holmes.WithRule(holmes.SignalMem, holmes.Threshold{
			Min: 10, Diff: 25, Abs: 80, Margin: 10, Hold: 3 * time.Second, CoolDown: rest,
		}),
		holmes.WithRule(holmes.SignalGCHeap, holmes.Threshold{
			Min: 10, Diff: 20, Abs: 40, Margin: 8, Hold: 3 * time.Second, CoolDown: rest,
		}),
		holmes.WithRule(holmes.SignalGoroutine, holmes.Threshold{
			Min: 100, Diff: 20, Margin: 100, Hold: 3 * time.Second, CoolDown: rest,
		}),
		holmes.WithRule(holmes.SignalThread, holmes.Threshold{
			Min: 10, Diff: 25, Margin: 10, Hold: 3 * time.Second, CoolDown: rest,
		}),
	}
}
