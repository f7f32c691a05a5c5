package measure

import (
	"runtime/metrics"

	"github.com/go-holmes/holmes/event"
)

// GoroutineStates counts goroutines by state. It takes some microseconds.
func GoroutineStates() *event.GoroutineStates {
	read := Samples([]string{
		"/sched/goroutines/running:goroutines",
		"/sched/goroutines/runnable:goroutines",
		"/sched/goroutines/waiting:goroutines",
		"/sched/goroutines/not-in-go:goroutines",
		"/sched/goroutines-created:goroutines",
	})
	metrics.Read(read)
	return &event.GoroutineStates{
		Running: Uint64(read[0]), Runnable: Uint64(read[1]), Waiting: Uint64(read[2]),
		NotInGo: Uint64(read[3]), Created: Uint64(read[4]),
	}
}
