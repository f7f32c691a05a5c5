// Package brakes limits the reports of a service across restarts and processes. The
// detectors of a process have an edge, a cool-down, a back-off and a budget; a process
// that is restarted again and again would have new ones with every start. So the reports
// of a day are in a file in the dump path, which the processes of a service share.
package brakes

import (
	"os"
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

// memoryQuota is how many reports a run may have after its start if it cannot know of
// those before it, because the dump path cannot be used.
const memoryQuota = 3

// Brakes decides which events are reported. It is safe for concurrent use.
type Brakes struct {
	clock  supervise.Clock
	log    *supervise.Log
	stores *eventstore.Current
	config func() Config

	mu     sync.Mutex
	memory state // what has happened while the disk could not be used
}

// New returns brakes that have seen no event. config returns the current settings.
func New(c supervise.Clock, l *supervise.Log, stores *eventstore.Current, config func() Config) *Brakes {
	return &Brakes{clock: c, log: l, stores: stores, config: config}
}

// Admit reports whether an event is to be reported, and counts it. It sets in the
// trigger how often that has happened. It may be called again for the same event. It
// waits for the disk as any other operation on it does.
func (b *Brakes) Admit(ev *event.Event) bool {
	t := &ev.Trigger
	if t.Times > 0 || t.Reason.Code == detect.CodeManual || t.Reason.Code == detect.CodeContinuous {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.config()
	now := b.clock.Wall().Round(0)
	q := questionOf(ev, c.Budget, now)
	shared := q // for an operation that may still run when this has returned
	v, err := b.onDisk(c.Store, func(s *state) verdict { return s.judge(&shared, now) })
	if err != nil {
		q.quota = min(q.quota, memoryQuota)
		v = b.memory.judge(&q, now)
	}
	t.Times, t.TimesOver = v.times, v.over
	if v.refusal != "" {
		what := "the end of a previous run"
		if ev.ID != "" {
			what = "event " + ev.ID
		}
		b.log.OnCause("brakes "+string(t.Sample.Signal), "%s is not reported: %s %s", what, t.Sample.Signal, v.refusal)
	}
	return v.refusal == ""
}

// A verdict is what the state says of an event: how often it has happened, in how much
// time, and why it is not reported, if it is not.
type verdict struct {
	times   int
	over    time.Duration
	refusal string
}

func (s *state) judge(q *question, now time.Time) verdict {
	p, refusal := s.admit(q, now)
	return verdict{p.Times, max(q.happened.Sub(p.Since), 0), refusal}
}

// onDisk judges by the state that the processes share.
func (b *Brakes) onDisk(c eventstore.Config, judge func(*state) verdict) (verdict, error) {
	var v verdict // of the operation, until it has ended
	err := b.stores.TryDir(c, folder, func(dir *os.Root) error {
		f, err := open(dir)
		if err != nil {
			return err
		}
		defer f.close()
		v = judge(&f.state)
		err = f.save()
		b.stores.Report("the reports of a day are not kept for the next start", err)
		return nil
	})
	if err != nil {
		return verdict{}, err // of an operation that may still run
	}
	return v, nil
}
