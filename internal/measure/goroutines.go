package measure

import (
	"runtime/metrics"

	"github.com/go-holmes/holmes/event"
)

// GoroutineStates counts goroutines by state. It takes some microseconds.
func GoroutineStates() *event.GoroutineStates {
	read := []metrics.Sample{
		{Name: "/sched/goroutines/running:goroutines"},
		{Name: "/sched/goroutines/runnable:goroutines"},
		{Name: "/sched/goroutines/waiting:goroutines"},
		{Name: "/sched/goroutines/not-in-go:goroutines"},
		{Name: "/sched/goroutines-created:goroutines"},
	}
	metrics.Read(read)
	return &event.GoroutineStates{
		Running: Uint64(read[0]), Runnable: Uint64(read[1]), Waiting: Uint64(read[2]),
		NotInGo: Uint64(read[3]), Created: Uint64(read[4]),
	}
}
