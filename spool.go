package holmes

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/eventstore"
)

const (
	spoolEvery = time.Minute      // a look for orphans, and another try to write what is in memory
	tidyEvery  = 10 * time.Minute // and to remove what is too old
)

// keepSpool is beside the couriers: it brings into the queues what lies on disk
// for them and nobody delivers, and onto the disk what it refused before.
func (r *run) keepSpool() {
	timer := time.NewTicker(r.h.spoolEvery)
	defer timer.Stop()
	tidy := r.Clock.Mono() + tidyEvery
	for all := true; ; {
		r.spill()
		if box := r.past.box.Load(); box != nil {
			r.h.store.Report("the last minutes will not survive this process", box.Err())
		}
		for _, s := range r.h.store.All() {
			r.lookAfter(s, all)
		}
		all = false
		select {
		case <-timer.C:
		case <-r.recall:
			all = true
		case <-r.senders.Stop:
			r.spill() // what is in memory only is lost if the process ends
			return
		}
		if now := r.Clock.Mono(); now >= tidy {
			tidy = now + tidyEvery
			r.tidy()
		}
	}
}

// lookAfter adopts what the dead have left in a store. It looks closely at
// first and when there are other reporters; afterwards, when there may be
// something.
func (r *run) lookAfter(s *dump.Store, all bool) {
	r.h.store.Report("events may be delivered twice if this process ends now", s.RetryMarks())
	if !all && !s.Orphaned() {
		return
	}
	outlets := r.h.cfg.Load().takers()
	orphans, err := s.Adopt(names(outlets)...)
	r.h.store.Report("look for events to deliver", err)
	for _, id := range orphans.Unfinished {
		if !r.h.hoard.has(id) { // else there is more of it in memory
			r.complete(s, id, outlets)
		}
	}
	for _, id := range orphans.Waiting {
		r.enqueue(&parcel{id: id, store: s, since: r.Clock.Mono()}, outlets)
	}
	if n := len(orphans.Unfinished) + len(orphans.Waiting); n > 0 {
		r.Log.Infof("took over %d events in %s whose process has ended", n, s.Dir())
	}
	if all {
		r.callBack(s, outlets)
	}
}

// callBack queues what this process owns and a reporter of this name was to get
// before it was taken out.
func (r *run) callBack(s *dump.Store, outlets []*outlet) {
	for _, o := range outlets {
		ids, err := s.Waiting(o.name)
		r.h.store.Report("look for events to deliver", err)
		for _, id := range ids {
			o.offer(&parcel{id: id, store: s, since: r.Clock.Mono()}, s)
		}
	}
}

// enqueue gives an event to reporters. When it has left the last queue, its
// memory is free.
func (r *run) enqueue(p *parcel, outlets []*outlet) {
	p.left = func() { r.h.hoard.remove(p) }
	p.open.Add(1) // ours, so that it is not done before all have it
	for _, o := range outlets {
		o.offer(p, p.stored())
	}
	p.leave()
}

// hold keeps in memory what the disk refused. If that is too much, older events
// lose theirs.
func (r *run) hold(p *parcel) {
	for _, old := range r.h.hoard.add(p) {
		old.forget()
		if !old.lost() {
			continue // what there is of it on disk is delivered
		}
		for _, o := range r.h.cfg.Load().outlets {
			for _, it := range o.items() {
				if it.parcel == old {
					o.settle(it, dropOverflow)
				}
			}
		}
		r.Log.OnCause("overflow", "event %s is lost: the disk refused it, and more than %d events or %d MiB are waiting in memory",
			old.id, maxHoard, maxHoardBytes>>20)
	}
}

// spill brings what is in memory onto the disk, if that takes it by now.
func (r *run) spill() {
	for _, p := range r.h.hoard.all() {
		err := p.spill(r)
		r.h.store.Report("events are kept in memory", err)
		if errors.Is(err, dump.ErrBusy) {
			return // each of the others would wait as long
		}
		if !p.held() {
			r.h.hoard.remove(p)
		}
	}
}

func (p *parcel) spill(r *run) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ev == nil || len(p.to) == 0 {
		return nil
	}
	to := slices.Collect(maps.Keys(p.to))
	files, err := p.reopen(r, to)
	if errors.Is(err, dump.ErrOpen) {
		return nil // it is being delivered
	}
	if err != nil {
		return err
	}
	ev := p.ev.Clone()
	whole, err := files.Finish(ev, to)
	p.store = files.Store
	if whole {
		p.ev = nil
	}
	return err
}

// reopen opens what there is of the event on disk, or makes it anew.
func (p *parcel) reopen(r *run, to []string) (files eventstore.Files, err error) {
	if p.store != nil {
		files, err = eventstore.Reopen(p.store, p.id)
		lost, gone := errors.AsType[*lostError](dropped(err))
		if !gone || lost.reason == dropDamaged {
			return files, err
		}
		p.store = nil
	}
	return r.h.store.Create(r.h.cfg.Load().store, p.id, to)
}

// tidy removes what is too old, and catches up with what was too much.
func (r *run) tidy() {
	for _, s := range r.h.store.All() {
		r.h.store.Report("remove what is too old", s.Tidy())
	}
}
