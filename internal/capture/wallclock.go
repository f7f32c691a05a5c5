package capture

import (
	"fmt"
	"runtime"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/humanize"
)

// Wall-clock stacks are a series of goroutine profiles. They are not merged: a merged
// profile would count each goroutine ten times, and the order in time is evidence
// too. `go tool pprof` adds the files up if it gets all of them.
const (
	stackSpan    = time.Second
	mostStacks   = 10
	fewestStacks = 3 // fewer show little more than one

	// stackBudget is the CPU time that a series may take: a quarter of one core.
	stackBudget = 250 * time.Millisecond
	// A goroutine profile takes 6.3 to 10 µs for each goroutine, and 0.9 ms with
	// 100 of them (medians 8 µs and 0.97 ms, two cores).
	stackBase         = time.Millisecond
	stackPerGoroutine = 8 * time.Microsecond
)

// stackTime estimates the CPU time of one profile.
func stackTime(goroutines int) time.Duration {
	return stackBase + time.Duration(goroutines)*stackPerGoroutine
}

// RecordStacks begins the rest of a series whose first profile the event has already,
// if CPU is below that many percent. It lasts for a second, and ends early when holmes
// is stopped or the event is dismissed.
func (r *Recordings) RecordStacks(e *Evidence, p *Phases, below float64) {
	cpu := e.Event.Readings.CPUPercent
	first := e.Event.Profile(event.KindGoroutine)
	if first == nil || cpu >= below {
		return
	}
	goroutines := runtime.NumGoroutine()
	each := stackTime(goroutines)
	n := min(mostStacks, int(stackBudget/each))
	if n < fewestStacks {
		first.Note = humanize.Join(first.Note, fmt.Sprintf("one only: of %d goroutines, %d over a second would take %v of CPU",
			goroutines, fewestStacks, (fewestStacks*each).Round(time.Millisecond)))
		return
	}
	note := func(i int) string {
		return fmt.Sprintf("%d of %d over a second, since CPU was at %s %%", i, n, humanize.Number(cpu))
	}
	first.Note = humanize.Join(first.Note, note(1))
	refused := false // the budget allows no further profile; only the event's goroutine uses it
	r.begin("goroutine profiles", AtVerdict, func(out func(Result)) {
		for i := 2; i <= n && p.sleep(e.jittered(stackSpan/time.Duration(n-1))); i++ {
			out(func(e *Evidence) {
				if !refused {
					e.Snapshot(event.KindGoroutine, fmt.Sprintf("goroutine-%d.pb.gz", i), note(i))
					refused = e.Event.Profiles[len(e.Event.Profiles)-1].Err != nil
				}
			})
		}
	})
}

// jittered returns a random time from half to one and a half of d, so that a series
// is not in step with periodic work.
func (p *Process) jittered(d time.Duration) time.Duration { return d/2 + p.UpTo(d) }
