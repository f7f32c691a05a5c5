package incident

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

// An Urgent is an event of the memory watcher. The process may be killed at any
// moment, so the heap profile is written to disk before anything else is done.
type Urgent struct {
	in    *Incidents
	cause *Cause
	grown chan detect.MemoryForecast // holds one: memory has grown by another step
	over  atomic.Bool

	refusal *detect.Refusal // valid when over
}

const (
	// openFor is how long the event stays open for further growth.
	openFor = time.Second
	// maxRefresh is how many further heap profiles an event gets.
	maxRefresh = 3
)

// Urgent begins an urgent event, and returns nil when the run is ending.
func (in *Incidents) Urgent(c *Cause, f detect.MemoryForecast) *Urgent {
	if !in.Scope.Tasks.Enter(Task) {
		return nil
	}
	u := &Urgent{in: in, cause: c, grown: make(chan detect.MemoryForecast, 1)}
	in.Counters.count(c.Signal, Count{Suspected: 1})
	go func() {
		defer in.Scope.Tasks.Leave(Task)
		defer u.over.Store(true)
		in.Scope.Bugs.Safely("urgent event", func() { u.proceed(f) })
	}()
	return u
}

// Refusal returns why an event that is over was not reported, nil if it was or is not over.
func (u *Urgent) Refusal() *detect.Refusal {
	if u == nil || !u.over.Load() {
		return nil
	}
	return u.refusal
}

// Refresh records that memory has grown by another step. It reports whether the event
// is still open. It does not block.
func (u *Urgent) Refresh(f detect.MemoryForecast) bool {
	if u == nil || u.over.Load() {
		return false
	}
	select {
	case u.grown <- f:
	default:
	}
	return true
}

// proceed runs the life of the event.
func (u *Urgent) proceed(f detect.MemoryForecast) {
	b := u.in.create(u.in.Scope.Ctx, u.cause, event.StateSuspected)
	b.foresee(f)
	collected := b.Meter.Cycles()
	b.Snapshots(u.cause.Kinds)
	b.describe()
	b.CollectWithin(f.Collection, collected)
	u.refresh(b)
	b.conclude(u.cause, event.StateConfirmed)
	u.refusal = b.refusal
}

// refresh takes another heap profile when memory grows further.
func (u *Urgent) refresh(b *builder) {
	end := time.NewTimer(openFor)
	defer end.Stop()
	for n := 2; ; n++ {
		select {
		case <-end.C:
			return
		case <-u.in.Scope.Stop:
			return
		case f := <-u.grown:
			if n > maxRefresh+1 {
				continue
			}
			b.foresee(f)
			b.Snapshot(event.KindHeap, fmt.Sprintf("heap-%d.pb.gz", n), fmt.Sprintf("at %.0f %% of memory", f.Percent()))
			b.Save()
		}
	}
}

// foresee makes f the forecast of the event.
func (b *builder) foresee(f detect.MemoryForecast) {
	b.forecast, b.Left = &f, max(f.Left, 1) // 0 would be unknown
}
