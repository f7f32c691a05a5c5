// Package brakes limits the reports of a service across restarts and processes. The
// detectors of a process have an edge, a cool-down, a back-off and a budget; a process
// that is restarted again and again would have new ones with every start. So the reports
// of a day are in a file in the dump path, which the processes of a service share.
package brakes

import (
	"os"
	"slices"
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

// memoryQuota is how many reports a run may have after its start, the first forecast not
// counted, if it cannot know of those before it, because the dump path cannot be used.
const memoryQuota = 3

// notKept is what the log says where the file cannot be used.
const notKept = "the reports of a day are not kept for the next start"

// Brakes decides which events are reported. It is safe for concurrent use.
type Brakes struct {
	clock  supervise.Clock
	log    *supervise.Log
	stores *eventstore.Current
	config func() Config

	mu      sync.Mutex
	memory  state                      // what has happened while the disk could not be used
	own     map[detect.Signal][]string // reports since the signal was back to normal
	pending []calm                     // not on disk yet
}

// New returns brakes that have seen no event. config returns the current settings.
func New(c supervise.Clock, l *supervise.Log, stores *eventstore.Current, config func() Config) *Brakes {
	return &Brakes{clock: c, log: l, stores: stores, config: config, own: map[detect.Signal][]string{}}
}

// Admit reports whether an event is to be reported; see [Brakes.Judge].
func (b *Brakes) Admit(ev *event.Event) bool { return b.Judge(ev) == nil }

// Judge counts an event, and returns why it is not to be reported, nil if it is. It sets
// in the trigger how often that has happened. It may be called again for the same event.
// It waits for the disk as any other operation on it does.
func (b *Brakes) Judge(ev *event.Event) *detect.Refusal {
	t := &ev.Trigger
	if t.Times > 0 || t.Reason.Code == detect.CodeManual || t.Reason.Code == detect.CodeContinuous {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.config()
	now := b.clock.Wall().Round(0)
	q := questionOf(ev, c.Budget, now)
	shared := q // for an operation that may still run when this has returned
	v, err := b.onDisk(c.Store, func(s *state) (verdict, bool) { return s.judge(&shared, now), true })
	if err != nil {
		q.quota, q.most = min(q.quota, memoryQuota), min(q.most, memoryQuota)
		v = b.memory.judge(&q, now)
	}
	t.Times, t.TimesOver = v.times, v.over
	if v.refusal != nil {
		what := "the end of a previous run"
		if ev.ID != "" {
			what = "event " + ev.ID
		}
		b.log.OnCause("brakes "+string(t.Sample.Signal), "%s is not reported: %s %s", what, t.Sample.Signal, v.refusal.Why)
	} else if own := b.own[t.Sample.Signal]; ev.ID != "" {
		b.own[t.Sample.Signal] = append(own[max(len(own)-maxReports, 0):], ev.ID)
	}
	return v.refusal
}

// Calm records that a signal of a run, which began at a time, has been back to normal: what
// was reported of it is over, for this process and for the next. It waits for the disk; if
// that does not answer, the record goes with the next operation.
func (b *Brakes) Calm(service string, s detect.Signal, began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = slices.DeleteFunc(b.pending, func(c calm) bool { return c.service == service && c.signal == s })
	b.pending = append(b.pending, calm{service: service, signal: s, began: began.Round(0), ids: b.own[s]})
	delete(b.own, s)
	b.settle()
}

// Settle writes what could not be written before.
func (b *Brakes) Settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending) > 0 {
		b.settle()
	}
}

func (b *Brakes) settle() {
	for i := range b.pending {
		b.memory.ends(&b.pending[i])
	}
	_, _ = b.onDisk(b.config().Store, func(*state) (verdict, bool) { return verdict{}, false })
}

// A verdict is what the state says of an event: how often it has happened, in how much
// time, and why it is not reported, nil if it is.
type verdict struct {
	times   int
	over    time.Duration
	refusal *detect.Refusal
}

func (s *state) judge(q *question, now time.Time) verdict {
	p, refusal := s.admit(q, now)
	return verdict{p.Times, max(q.happened.Sub(p.Since), 0), refusal}
}

// onDisk changes the state that the processes share, and adds what is pending.
func (b *Brakes) onDisk(c eventstore.Config, change func(*state) (v verdict, changed bool)) (verdict, error) {
	var v verdict                      // of the operation, until it has ended
	pending := slices.Clone(b.pending) // for one that may still run later
	err := b.stores.TryDir(c, folder, func(dir *os.Root) error {
		f, err := open(dir)
		if err != nil {
			return err
		}
		defer f.close()
		ended := false
		for i := range pending {
			ended = f.state.ends(&pending[i]) || ended
		}
		var changed bool
		if v, changed = change(&f.state); changed || ended {
			err = f.save()
			b.stores.Report(notKept, err)
		}
		return nil
	})
	if err != nil {
		b.stores.Report(notKept, err)
		return verdict{}, err // of an operation that may still run
	}
	b.pending = nil
	return v, nil
}
