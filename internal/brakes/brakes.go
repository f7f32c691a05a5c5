// Package brakes limits the reports of a service across restarts and processes. The
// detectors of a process have an edge, a cool-down, a back-off and a budget; a process
// that is restarted again and again would have new ones with every start. So the reports
// of a day are in a file in the dump path, which the processes of a service share.
package brakes

import (
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Config is the options about the brakes.
type Config struct {
	Store  eventstore.Config
	Budget int // events in 24 hours, of a signal and after starts; 0 is none
}

const (
	// diskTime is how long a report waits for the disk.
	diskTime = 2 * time.Second
	// memoryQuota is how many reports a run may have after its start if it cannot know
	// of those before it, because the dump path cannot be used.
	memoryQuota = 3
)

// Brakes decides which events are reported. It is safe for concurrent use.
type Brakes struct {
	clock  supervise.Clock
	log    *supervise.Log
	stores *eventstore.Current
	config func() Config

	mu     sync.Mutex
	memory state         // what has happened while the disk could not be used
	slot   chan struct{} // holds one while the disk is in use
}

// New returns brakes that have seen no event. config returns the current settings.
func New(c supervise.Clock, l *supervise.Log, stores *eventstore.Current, config func() Config) *Brakes {
	return &Brakes{clock: c, log: l, stores: stores, config: config, slot: make(chan struct{}, 1)}
}

// Admit reports whether an event is to be reported, and counts it. It sets in the
// trigger how often that has happened. It may be called again for the same event. It
// blocks for as long as the disk takes, and for 2 seconds at most.
func (b *Brakes) Admit(ev *event.Event) bool {
	t := &ev.Trigger
	if t.Times > 0 || t.Reason.Code == detect.CodeManual || t.Reason.Code == detect.CodeContinuous {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.config()
	now := b.clock.Wall().Round(0)
	q := questionOf(ev, c.Budget)
	refusal := ""
	count := func(s *state) {
		var p *problem
		p, refusal = s.admit(&q, now)
		t.Times, t.TimesOver = p.Times, max(now.Sub(p.Since), 0)
	}
	if !b.onDisk(c.Store, count) {
		q.quota = min(q.quota, memoryQuota)
		count(&b.memory)
	}
	if refusal != "" {
		what := "the end of a previous run"
		if ev.ID != "" {
			what = "event " + ev.ID
		}
		b.log.OnCause("brakes "+string(t.Sample.Signal), "%s is not reported: %s %s", what, t.Sample.Signal, refusal)
	}
	return refusal == ""
}

// onDisk lets f change the state that the processes share. It returns false if the disk
// cannot be used or does not answer.
func (b *Brakes) onDisk(c eventstore.Config, f func(*state)) (could bool) {
	select {
	case b.slot <- struct{}{}:
	default:
		return false // it has not answered before
	}
	opened, write, done := make(chan *file, 1), make(chan bool, 1), make(chan struct{})
	go func() {
		defer func() {
			<-b.slot
			close(done)
		}()
		at, err := open(b.stores, c)
		opened <- at
		if at != nil {
			if <-write {
				err = at.save()
			}
			at.close()
		}
		b.stores.Report("the reports of a day are not kept for the next start", err)
	}()
	timer := time.NewTimer(diskTime)
	defer timer.Stop()
	select {
	case at := <-opened:
		if could = at != nil; could {
			f(&at.state)
			write <- true
		}
	case <-timer.C:
		write <- false
		return false
	}
	select {
	case <-done:
	case <-timer.C: // the state will be on disk later
	}
	return could
}
