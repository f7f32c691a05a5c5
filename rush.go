package holmes

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/detect"
)

// A rush is the life of an event of the memory watcher: the process may be
// killed at any moment, so the heap profile is on disk before anything else is
// done, and then what there is still time for.
type rush struct {
	run  *run
	cfg  *config
	f    *finding
	seen chan detect.MemoryForecast // holds one: memory has grown further
	over atomic.Bool
}

const (
	// linger is how long the event stays open for more of the same.
	linger = time.Second
	// maxRefresh bounds the profiles that growth adds to an event.
	maxRefresh = 3
)

// hurry begins a rush.
func (r *run) hurry(c *config, o detect.MemoryForecast, why Reason) *rush {
	if !r.Tasks.Enter(captureWork) {
		return nil
	}
	at := r.Clock.Wall()
	s := Sample{Signal: SignalMem, Value: o.Percent(), Limit: float64(o.Limit), At: at}
	q := &rush{
		run: r, cfg: c, seen: make(chan detect.MemoryForecast, 1),
		f: &finding{
			signal: SignalMem, kinds: c.signals[SignalMem].kinds, onset: at,
			trigger: Trigger{Sample: s, Reason: why},
		},
	}
	r.h.stats.suspected(SignalMem)
	go func() {
		defer r.Tasks.Leave(captureWork)
		defer q.over.Store(true)
		r.Bugs.Safely("rush", func() { q.proceed(o) })
	}()
	return q
}

// refresh tells a rush that memory has grown by another step. It reports
// whether there is one to tell.
func (q *rush) refresh(o detect.MemoryForecast) bool {
	if q == nil || q.over.Load() {
		return false
	}
	select {
	case q.seen <- o:
	default:
	}
	return true
}

// proceed is the life of the event.
func (q *rush) proceed(o detect.MemoryForecast) {
	d := q.run.newDossier(q.cfg, q.f, StateSuspected)
	before := q.run.meter.Cycles()
	d.snapshots(q.f.kinds)
	d.outlook = &o
	d.describe()
	d.collectInTime(o, before)
	q.linger(d)
	d.conclude(q.f, StateConfirmed)
	q.run.h.stats.confirmed(SignalMem)
	d.deliver()
}

// linger takes the heap again when memory grows further.
func (q *rush) linger(d *dossier) {
	end := time.NewTimer(linger)
	defer end.Stop()
	for n := 2; ; n++ {
		select {
		case <-end.C:
			return
		case <-q.run.Stop:
			return
		case o := <-q.seen:
			if n > maxRefresh+1 {
				continue
			}
			d.snapshot(KindHeap, fmt.Sprintf("heap-%d.pb.gz", n), fmt.Sprintf("at %.0f %% of memory", o.Percent()))
			d.outlook = &o
			d.save()
		}
	}
}

// collectInTime takes the second heap profile if a collection and the profile
// fit into the time that is left, by what they took before.
func (d *dossier) collectInTime(o detect.MemoryForecast, before uint64) {
	needs := o.Collection + d.h.prices.heapTime()
	if o.Left/2 < needs {
		d.add(Profile{Kind: KindHeap, Err: fmt.Errorf("no second profile: memory is full in %s, and a collection with its profile takes about %s",
			o.Left.Round(time.Millisecond), needs.Round(time.Millisecond))})
		return
	}
	d.afterCollection(before, d.Stopping())
}
