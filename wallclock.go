package holmes

import (
	"fmt"
	"runtime"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

// Wall-clock stacks are a series of goroutine profiles. They stay apart: one
// made of all would count each goroutine ten times, and their order in time is
// evidence too. Whoever wants their sum gives them to `go tool pprof` together.
const (
	stackSpan    = time.Second
	mostStacks   = 10
	fewestStacks = 3 // fewer say little more than one does

	// stackBudget is the CPU time that a series may take, a quarter of one core
	// while it lasts.
	stackBudget = 250 * time.Millisecond
	// A goroutine profile takes 6.3 to 10 µs for each goroutine, and 0.9 ms with
	// 100 of them (medians 8 µs and 0.97 ms, two cores).
	stackBase         = time.Millisecond
	stackPerGoroutine = 8 * time.Microsecond
)

// stackTime predicts what one profile takes.
func stackTime(goroutines int) time.Duration {
	return stackBase + time.Duration(goroutines)*stackPerGoroutine
}

// addStacks takes the rest of a series whose first profile the event has
// already, if the signal wants one and CPU was low. It lasts for stackSpan, and
// ends early when holmes is stopped or the suspicion lapses.
func (q *inquiry) addStacks(d *dossier) {
	below, cpu := q.cfg.signals[q.first.signal].stacks, d.ev.Readings.CPUPercent
	first := d.ev.Profile(KindGoroutine)
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
	for i := 2; i <= n && q.pause(q.jittered(stackSpan/time.Duration(n-1))); i++ {
		d.snapshot(KindGoroutine, fmt.Sprintf("goroutine-%d.pb.gz", i), note(i))
		if d.ev.Profiles[len(d.ev.Profiles)-1].Err != nil {
			break // nor would the next one
		}
	}
	d.save()
}

// jittered is a time around d, from half to one and a half of it, so that a
// series does not keep step with what it looks at.
func (q *inquiry) jittered(d time.Duration) time.Duration {
	return d/2 + time.Duration(float64(d)*float64(q.run.h.random())/(1<<32))
}

// pause waits. It is false when there is nothing to wait for any more.
func (q *inquiry) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	decided := q.decided
	for {
		select {
		case <-timer.C:
			return true
		case <-q.run.Stop:
			return false
		case <-decided:
			if decided = nil; q.dismissed() {
				return false
			}
		}
	}
}
