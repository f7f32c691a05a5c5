package holmes

import (
	"slices"
	"sync/atomic"
)

// An inquiry takes the evidence of one event, from suspicion to verdict, in a
// goroutine of its own. The lane tells it what the rule says and never waits.
// A nil inquiry, of a run that is ending, takes what it is told and does
// nothing.
type inquiry struct {
	run   *run
	cfg   *config
	first *finding
	quiet bool // no evidence before the confirmation

	// Closed by the lane, each at most once.
	twice   chan struct{} // the rule held a second time
	decided chan struct{} // verdict and final are set
	asked   bool          // twice is closed; the lane's own

	verdict State
	final   *finding
	over    atomic.Bool
}

// investigate begins an inquiry for a lane.
func (r *run) investigate(f *finding, quiet bool) *inquiry {
	if !r.Tasks.Enter(captureWork) {
		return nil
	}
	q := &inquiry{
		run: r, cfg: r.h.cfg.Load(), first: f, quiet: quiet,
		twice: make(chan struct{}), decided: make(chan struct{}),
	}
	r.h.stats.suspected(f.signal)
	r.past.state(string(f.signal) + " suspected")
	go func() {
		defer r.Tasks.Leave(captureWork)
		defer q.over.Store(true)
		r.Bugs.Safely("inquiry", q.proceed)
	}()
	return q
}

func (q *inquiry) finished() bool { return q.over.Load() }

// again says that the rule held at one more tick.
func (q *inquiry) again() {
	if q != nil && !q.asked {
		q.asked = true
		close(q.twice)
	}
}

// confirm ends the suspicion with an event, dismiss without one.
func (q *inquiry) confirm(f *finding) { q.decide(StateConfirmed, f) }
func (q *inquiry) dismiss()           { q.decide(StateDismissed, nil) }

func (q *inquiry) decide(v State, f *finding) {
	if q == nil {
		return
	}
	q.verdict, q.final = v, f
	if f == nil {
		q.final = q.first
	}
	close(q.decided)
}

// proceed is the life of the event.
func (q *inquiry) proceed() {
	cpu, trace, waits := q.beginCPU(), q.beginTrace(), q.beginWaits()
	var d *dossier
	before := q.run.meter.Cycles()
	if !q.quiet {
		d = q.run.openDossier(q.cfg, q.first, StateSuspected)
		d.snapshots(q.first.kinds)
		d.save()
		q.addStacks(d)
	}
	verdict, final := q.await(d, cpu)
	q.endTrace(d, trace, verdict) // first, before the captures that follow are in it
	stats := &q.run.h.stats
	if verdict == StateDismissed {
		stats.dismissed(q.first.signal)
		q.run.past.state(string(q.first.signal) + " calm again")
		if d == nil {
			return
		}
	}
	if d == nil {
		d = q.run.openDossier(q.cfg, final, verdict)
		d.snapshots(final.kinds)
		q.addStacks(d)
	}
	if verdict != StateDismissed && slices.Contains(final.kinds, KindHeap) {
		d.afterCollection(before, q.run.Stopping())
	}
	if cpu != nil {
		for part := range cpu {
			d.addCPU(part)
		}
	}
	if verdict == StateConfirmed {
		d.addContext(before)
	}
	if waits != nil {
		d.addWaits(<-waits)
	}
	d.conclude(final, verdict)
	if verdict == StateDismissed {
		d.h.store.Report("event "+d.ev.ID, d.files.Dismiss())
		return
	}
	stats.confirmed(q.first.signal)
	d.deliver()
}

// await returns what became of the suspicion; when holmes is stopped first, it
// stays unconfirmed. Meanwhile it writes down the slices of the CPU profile,
// unless d is nil.
func (q *inquiry) await(d *dossier, cpu <-chan cpuResult) (State, *finding) {
	if d == nil {
		cpu = nil
	}
	for stopped := false; !stopped; {
		select {
		case <-q.decided:
			return q.verdict, q.final
		case part, more := <-cpu:
			if !more {
				cpu = nil
				continue
			}
			d.addCPU(part)
			d.save()
		case <-q.run.Stop:
			stopped = true
		}
	}
	select {
	case <-q.decided: // both at once: the verdict counts
		return q.verdict, q.final
	default:
		return StateUnconfirmed, q.first
	}
}

// deliver logs the event and gives it to the reporters.
func (d *dossier) deliver() {
	tell := d.Log.Warnf
	if d.ev.Routine() {
		tell = d.Log.Debugf
	}
	tell("%s (event %s in %s)", d.ev.Sentence(), d.ev.ID, orMemory(d.ev.Dir))
	if code := d.ev.Trigger.Reason.Code; code != CodeManual && code != CodeContinuous && code != CodeCrash {
		d.h.eventful.Store(int64(d.Clock.Mono()))
	}
	d.h.delivery.Deliver(d.ev, &d.files)
}

func orMemory(dir string) string {
	if dir == "" {
		return "memory only"
	}
	return dir
}
